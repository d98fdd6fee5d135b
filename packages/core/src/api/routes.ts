import type * as z from "zod";
import { accountRoutes } from "./account-routes.ts";
import { deviceRoutes } from "./device-routes.ts";
import { groupRoutes } from "./group-routes.ts";
import { localRoutes } from "./local-routes.ts";
import { serverRoutes } from "./server-routes.ts";
import { sessionRoutes } from "./session-routes.ts";

/** The whole HTTPS interface. Server, CLI and reference page are read off this table. */
export const routes = {
  ...sessionRoutes,
  ...serverRoutes,
  ...accountRoutes,
  ...groupRoutes,
  ...deviceRoutes,
} as const;

/** Both interfaces, for the client, which speaks either. */
export const allRoutes = { ...routes, ...localRoutes } as const;

export type RouteName = keyof typeof routes;
export type LocalRouteName = keyof typeof localRoutes;
type Table = typeof allRoutes;

/** What a caller gives for a route. */
export interface RouteInput<Name extends keyof Table> {
  readonly params: z.input<Table[Name]["params"]>;
  readonly query: z.input<Table[Name]["query"]>;
  readonly body: z.input<Table[Name]["body"]>;
}

/** What the server works with once it has been parsed. */
export interface RouteCall<Name extends keyof Table> {
  readonly params: z.output<Table[Name]["params"]>;
  readonly query: z.output<Table[Name]["query"]>;
  readonly body: z.output<Table[Name]["body"]>;
}

export type RouteAnswer<Name extends keyof Table> = z.output<Table[Name]["answer"]>;

/** Header with the id under which a retry of the same change gets the first outcome. */
export const requestIdHeader = "request-id";
export const requestIdText = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** Largest body of a request. */
export const bodyBytesMax = 1024 * 1024;

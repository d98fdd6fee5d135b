import * as z from "zod";
import {
  changeAnswer,
  commandQuery,
  listQuery,
  noBody,
  noParams,
  noQuery,
  pageOf,
} from "./route.ts";
import type { Route } from "./route.ts";

/** One change that a server held beyond a fork (HS9). */
const setAside = z.object({
  id: z.string(),
  /** Server on which it was made. */
  server: z.string(),
  made_at: z.string(),
  made_by: z.string(),
  command: z.string(),
  /** What it did, a line for each part. */
  what: z.array(z.string()).readonly(),
  /** Was its maker told that it is done? */
  told: z.enum(["acknowledged", "not acknowledged", "unknown"]),
  /** True while nobody judged it and the system is less strict without it. */
  lowers_security: z.boolean(),
  losses: z.array(z.string()).readonly(),
  set_aside_at: z.string(),
  judged: z
    .object({
      verdict: z.enum(["re-applied", "already so", "rejected"]),
      by: z.string(),
      at: z.string(),
      reason: z.string(),
    })
    .nullable(),
});

const byId = z.strictObject({ id: z.string().min(1).max(256) });
const reason = z.string().max(256);
const judge = {
  method: "POST",
  params: byId,
  query: commandQuery,
  access: "operate pair",
} as const;

export const setAsideRoutes = {
  setAsideList: {
    method: "GET",
    path: "/v1/pair/set-aside",
    summary: "List changes that a server held beyond a fork, what lowers security first",
    access: "operate pair",
    params: noParams,
    query: listQuery,
    body: noBody,
    answer: pageOf(setAside),
  },
  setAsideShow: {
    method: "GET",
    path: "/v1/pair/set-aside/{id}",
    summary: "Show one change that was set aside, what is lost by it, and who judged it",
    access: "operate pair",
    params: byId,
    query: noQuery,
    body: noBody,
    answer: setAside,
  },
  setAsideReapply: {
    ...judge,
    path: "/v1/pair/set-aside/{id}/reapply",
    summary: "Make a change that was set aside again, as a new one under the present rules",
    body: z.strictObject({ reason: reason.optional() }),
    answer: changeAnswer,
  },
  setAsideReject: {
    ...judge,
    path: "/v1/pair/set-aside/{id}/reject",
    summary: "Decide, with a reason, that a change that was set aside is not made again",
    body: z.strictObject({ reason }),
    answer: changeAnswer,
  },
} as const satisfies Record<string, Route>;

export type SetAsideView = z.infer<typeof setAside>;

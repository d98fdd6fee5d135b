import * as z from "zod";
import {
  changeAnswer,
  commandQuery,
  descriptionText,
  noBody,
  noParams,
  noQuery,
  timeText,
  type Route,
} from "./route.ts";

const legacyRow = z.object({
  address: z.string(),
  /** Null where it is not on the list, and came while any address was served. */
  owner: z.string().nullable(),
  reason: z.string().nullable(),
  until: z.string().nullable(),
  /** Whether it is served now. */
  served: z.boolean(),
  /** Where it came in the last 30 days, as the server that was asked saw it. */
  door: z.enum(["ldap", "link"]).nullable(),
  names: z.array(z.string()).readonly(),
  first: z.string().nullable(),
  last: z.string().nullable(),
  count: z.int(),
  /** What would stop working if `legacy` were false; null: nothing that is known of. */
  would_stop: z.string().nullable(),
});

const addressText = z.string().min(1).max(64);
const change = { access: "administer accounts", params: noParams, query: commandQuery } as const;
const changed = z.object({ ...changeAnswer.shape, address: z.string() });

export const legacyRoutes = {
  legacyList: {
    method: "GET",
    path: "/v1/security/legacy",
    summary: "List the legacy peers, and what would stop working without them",
    access: "configure security",
    params: noParams,
    query: noQuery,
    body: noBody,
    answer: z.object({
      server: z.string(),
      /** `legacy` and `legacy-peers` as they stand on this server. */
      legacy: z.boolean(),
      peers: z.enum(["listed", "any"]),
      rows: z.array(legacyRow).readonly(),
    }),
  },
  legacyAllow: {
    ...change,
    method: "POST",
    path: "/v1/security/legacy",
    summary: "Serve a peer that cannot carry a certificate, until a day, where legacy is set",
    body: z.strictObject({
      address: addressText,
      owner: descriptionText,
      reason: descriptionText,
      until: timeText,
    }),
    answer: changed,
  },
  legacyRemove: {
    ...change,
    method: "POST",
    path: "/v1/security/legacy/remove",
    summary: "Serve a legacy peer no more",
    body: z.strictObject({ address: addressText }),
    answer: changed,
  },
} as const satisfies Record<string, Route>;

export type LegacyRow = z.infer<typeof legacyRow>;

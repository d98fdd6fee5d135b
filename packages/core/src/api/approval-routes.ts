import * as z from "zod";
import {
  changeAnswer,
  commandQuery,
  nameText,
  noBody,
  noParams,
  noQuery,
  type Route,
} from "./route.ts";

const waitingRow = z.object({
  fingerprint: z.string(),
  kind: z.enum(["client", "device"]),
  state: z.enum(["waiting", "rejected"]),
  /** Of a device, where one is registered under the id that the certificate names. */
  device: z.string().nullable(),
  certificate: z.string(),
  /** By which it could be led to an account, too. */
  names: z.array(z.string()).readonly(),
  door: z.enum(["https", "ldap", "link"]),
  source: z.string(),
  first: z.string(),
  last: z.string(),
  tries: z.int(),
  /** When it is forgotten unless it comes again. */
  until: z.string(),
});

/** As tools print it, or the beginning of it. */
const fingerprintText = z.string().min(1).max(128);
const change = { access: "administer accounts", params: noParams, query: commandQuery } as const;
const settled = { fingerprint: z.string(), kind: z.enum(["client", "device"]) };

export const approvalRoutes = {
  approvalList: {
    method: "GET",
    path: "/v1/security/approvals",
    summary: "List the unknown peers with good certificates that came to this server",
    access: "configure security",
    params: noParams,
    query: noQuery,
    body: noBody,
    answer: z.object({
      server: z.string(),
      /** So many found the list full. */
      turned_away: z.int(),
      rows: z.array(waitingRow).readonly(),
    }),
  },
  approvalApprove: {
    ...change,
    method: "POST",
    path: "/v1/security/approvals/approve",
    summary: "Let an unknown peer in: a client as an account, a device as itself",
    body: z.strictObject({ fingerprint: fingerprintText, account: nameText.optional() }),
    answer: z.object({ ...changeAnswer.shape, ...settled, as: z.string() }),
  },
  approvalReject: {
    ...change,
    method: "POST",
    path: "/v1/security/approvals/reject",
    summary: "Take an unknown peer off the list; it does not come back for 90 days",
    body: z.strictObject({ fingerprint: fingerprintText }),
    answer: z.object({ ...settled, dry_run: z.boolean() }),
  },
} as const satisfies Record<string, Route>;

export type WaitingView = z.infer<typeof waitingRow>;

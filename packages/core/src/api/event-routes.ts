import * as z from "zod";
import { severities } from "../domain/security-event.ts";
import { listQuery, nameText, noBody, noParams, noQuery, timeText, type Route } from "./route.ts";

/** A security event, by the number of the catalogue (docs/reference/events.md). */
const securityEvent = z.object({
  sequence: z.int(),
  at: z.string(),
  event: z.int(),
  name: z.string(),
  outcome: z.string(),
  severity: z.enum(severities),
  /** Data object of the logical node GSAL that counts it. */
  gsal: z.string().nullable(),
  subject: z.string(),
  door: z.string(),
  source: z.string(),
  device: z.string().nullable(),
  server: z.string(),
  detail: z.string(),
  /** SHA-256 over the event and the one before it. */
  hash: z.string(),
});

const eventQuery = z.strictObject({
  ...listQuery.pick({ search: true, limit: true }).shape,
  order: z.enum(["newest", "oldest"]).optional(),
  /** `next` of the page before, or the number of an event. */
  cursor: z
    .string()
    .regex(/^[0-9]{1,15}$/)
    .transform(Number)
    .optional(),
  event: z
    .string()
    .regex(/^[0-9]{1,5}$/, "is no number of an event")
    .transform(Number)
    .optional(),
  /** As it named itself. */
  account: z.string().min(1).max(256).optional(),
  device: nameText.optional(),
  outcome: z.enum(["accepted", "refused", "done", "gap"]).optional(),
  /** At least as bad. */
  severity: z.enum(severities).optional(),
  since: timeText.optional(),
  /** Not at that time and not after it. */
  until: timeText.optional(),
});

const look = { method: "GET", params: noParams, body: noBody, access: "read audit" } as const;

export const eventRoutes = {
  eventList: {
    ...look,
    path: "/v1/events",
    summary: "List security events of this server; doing so is itself an event",
    query: eventQuery,
    answer: z.object({
      rows: z.array(securityEvent).readonly(),
      next: z.string().nullable(),
      /** Number of the newest event there is, whatever the filter. */
      newest: z.int(),
      /** Null on every page but the first, and where the oldest come first. */
      total: z.int().nullable(),
    }),
  },
  eventVerify: {
    ...look,
    path: "/v1/events/verification",
    summary: "Walk the chain of this server's security events, and name the first that is broken",
    query: noQuery,
    answer: z.object({
      /** So many are proved; 0 where one is broken. */
      events: z.int(),
      newest: z.int(),
      fault: z.object({ sequence: z.int(), says: z.string() }).nullable(),
    }),
  },
} as const satisfies Record<string, Route>;

export type SecurityEventView = z.infer<typeof securityEvent>;

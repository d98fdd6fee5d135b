import * as z from "zod";
import { arbitrationModes } from "../domain/arbitration-mode.ts";

/** `server status -o json` (design §10), as it leaves a server: see domain/server-status.ts. */

const permission = z.object({
  ok: z.boolean(),
  code: z.string().nullable(),
  reason: z.string().nullable(),
});

const direction = z.object({
  verdict: z.enum(["ok", "refused", "not tried"]),
  cause: z.string().nullable(),
});

const serverState = z.enum([
  "starting",
  "blank",
  "lone",
  "main-protected",
  "main-exposed",
  "main-waiting",
  "main-read-only",
  "main-draining",
  "standby-connecting",
  "standby-security-conflict",
  "standby-incompatible",
  "standby-synchronising",
  "standby-stalled",
  "standby-valid",
  "standby-candidate",
  "maintenance",
  "fenced",
  "diverged",
  "invalid-database",
  "two-mains",
  "stopped",
]);

const conflict = z.object({
  code: z.string(),
  direction: z.enum(["dial", "accept"]),
  refused_by: z.string(),
  ours: z.string(),
  theirs: z.string(),
  remedy: z.string(),
  effect: z.string(),
  since: z.string(),
});

const partner = z.object({
  name: z.string(),
  kind: z.enum(["promotable", "permanent"]),
  address: z.string().nullable(),
  link: z.enum(["main", "backup"]).nullable(),
  state: z.union([serverState, z.literal("unreachable")]),
  behind: z.int().nullable(),
  conflict: conflict.nullable(),
  dial: direction,
  accept: direction,
  certificate: z.object({ fingerprint: z.string(), not_after: z.string() }).nullable(),
});

const progress = z.object({
  phase: z.enum(["first pass", "verify", "catch up"]),
  bytes_done: z.number(),
  bytes_total: z.number().nullable(),
  entries_behind: z.number(),
  bytes_per_s: z.number(),
  eta_s: z.number().nullable(),
  last_progress: z.string(),
});

export const pairView = {
  duty: z.enum(["main", "standby", "lone", "fenced", "none"]),
  state: serverState,
  since: z.string(),
  cause: z.object({ code: z.string(), text: z.string() }).nullable(),
  remedy: z.string().nullable(),
  icon: z.object({
    shape: z.string(),
    colour: z.enum(["grey", "green", "amber", "magenta"]),
    word: z.string(),
  }),
  promotable: permission,
  changeover: permission,
  ack_set: z.array(z.string()).readonly(),
  unprotected_since: z.string().nullable(),
  arbitration: z.object({
    mode: z.enum(arbitrationModes),
    witness: z
      .object({
        address: z.string(),
        state: z.enum(["connected", "silent", "blank", "older", "other-system"]),
      })
      .nullable(),
  }),
  progress: progress.nullable(),
  partners: z.array(partner).readonly(),
};

export const serverStatus = z.object({
  system_id: z.string().nullable(),
  node_id: z.string(),
  name: z.string(),
  version: z.string(),
  pid: z.int().nullable(),
  kind: z.enum(["promotable", "permanent"]),
  position: z.object({
    term: z.int(),
    start: z.int(),
    seq: z.int(),
    sequence: z.int(),
    hash: z.string(),
    digest: z.string().nullable(),
  }),
  security: z.record(z.string(), z.union([z.string(), z.boolean()])),
  alarms: z
    .array(z.object({ code: z.string(), since: z.string(), text: z.string(), remedy: z.string() }))
    .readonly(),
  ...pairView,
});

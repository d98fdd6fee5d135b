import { noon } from "@gridward/core/domain/pair/fixtures";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { ServerStatus } from "@gridward/core/domain/server-status";
import { emptyState } from "@gridward/core/domain/state";
import type { Direction } from "./direction.ts";
import { serverStatus, type StatusParts } from "./status.ts";

export const passed: Direction = { verdict: "ok", fingerprint: "f", notAfter: noon };
export const refused = {
  verdict: "refused",
  cause: "T03",
  by: "them",
  ours: "presents A",
  theirs: "refuses it",
  since: 1_000,
} as const satisfies Direction;

/** For tests: what people read of a server whose directions pass, but for `changes`. */
export function aStatus(pair: PairState, changes: Partial<StatusParts> = {}): ServerStatus {
  const { at = 0 } = changes;
  return serverStatus({
    pair,
    state: emptyState,
    known: [],
    self: { id: pair.self, name: pair.self },
    version: "0",
    pid: 1,
    digest: null,
    at,
    now: noon + at,
    since: noon - 7,
    directions: () => ({ dial: passed, accept: passed }),
    dialledOver: () => ({ address: "10.0.1.1", way: "backup" }),
    security: {},
    alarms: [],
    directory: "/srv/gridward",
    arbitration: { mode: "manual", witness: null },
    ...changes,
  });
}

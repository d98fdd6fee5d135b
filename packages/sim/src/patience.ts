import type { Millis } from "@gridward/core/base/time";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { SimServer } from "./sim-server.ts";
import type { Violation } from "./violation.ts";

/** Twice the time after which a Main gives up on a member. */
const patienceMs = 8_000;

/** I32: a Main does not wait without end for a member that is heard and does not follow. */
export function findEndlessWait({ id, process, disk }: SimServer): Violation | undefined {
  const { pair } = process?.conductor ?? {};
  if (!process || !pair) return undefined;
  const now = process.monotonic();
  if (hasNotWoken(pair, now)) return undefined;
  const isIdle = disk.control.ackSet.filter((member) => {
    const peer = pair.peers.get(member);
    return peer?.linkUp === true && peer.acked === null && now - (peer.heardAt ?? 0) < 1_500;
  });
  const isWaiting = mayDrop(pair) && pair.committed < pair.head.seq && isIdle.length > 0;
  if (!isWaiting) process.waitsSince = undefined;
  else process.waitsSince ??= now;
  const since = Math.max(process.waitsSince ?? now, pair.awakeSince);
  if (now - since <= patienceMs) return undefined;
  return { rule: "I32", says: `${id} waits for ${isIdle.join(", ")}` };
}

/** It stood still, and has had no tick since to notice it. */
export function hasNotWoken({ heartbeatAt, timers }: PairState, now: Millis): boolean {
  return now - heartbeatAt >= timers.standstill;
}

/** Before the witness agrees it may not, nor before that has settled whose the term is. */
function mayDrop({ machine, arbitration }: PairState): boolean {
  const { goal } = arbitration;
  if (goal?.kind === "narrow" || goal?.kind === "settle") return false;
  return machine.duty === "main" && machine.phase === "serving";
}

import type { Instant, Millis } from "@gridward/core/base/time";
import { describe } from "@gridward/core/domain/pair/describe";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { ServerCondition } from "@gridward/core/domain/server-status";

/**
 * What front ends need to know before they answer (design §7). A Standby is fresh while it heard
 * its Main within 4 s and held all that this had then; a Main while it heard every member of its
 * ack set, for another may have taken over; one whose recorded set is itself alone always is.
 */
export function serverCondition(pair: PairState, at: Millis, now: Instant): ServerCondition {
  const { duty, state } = describe(pair, at, null);
  const { machine, control } = pair;
  const hasDatabase =
    control.incarnation !== null && machine.duty !== "none" && machine.duty !== "fenced";
  const silence = silenceOf(pair, at);
  return {
    node: pair.self,
    duty,
    state,
    canSignIn: hasDatabase && state !== "maintenance",
    fresh: hasDatabase && silence <= pair.timers.fresh,
    ageMs: silence,
    at: now,
  };
}

/** How long nothing was heard of whom our accounts depend on. */
function silenceOf(pair: PairState, at: Millis): Millis {
  const { machine, control, self, peers, machineSince } = pair;
  const sources = machine.duty === "main" ? control.ackSet : [control.owner];
  let longest = 0;
  // Not fresh, and as old as this server has been waiting.
  const neverHeard = Math.max(pair.timers.fresh + 1, at - machineSince);
  if (machine.duty === "standby" && !isCurrent(pair)) return neverHeard;
  for (const id of sources) {
    if (id === null || id === self) continue;
    const heardAt = peers.get(id)?.heardAt ?? null;
    longest = Math.max(longest, heardAt === null ? neverHeard : at - heardAt);
  }
  return longest;
}

/** A Standby that still copies, or catches up, hears its Main and knows less than it. */
function isCurrent({ machine, control, head, peers }: PairState): boolean {
  if (machine.duty === "standby" && machine.phase === "synchronising") return false;
  const main = control.owner === null ? undefined : peers.get(control.owner);
  return (main?.head?.seq ?? 0) <= head.seq;
}

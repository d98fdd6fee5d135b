import { minute, second, type Millis } from "../base/time.ts";

/** What a server that lives, and works too slowly to be Main, suffers from (F11, F26). */
export type SlowPart = "processor" | "disk";

export interface Slow {
  readonly part: SlowPart;
  /** The longest that anything stood still in this bout. */
  readonly worst: Millis;
  /** Monotonic time at which the bout began. */
  readonly since: Millis;
}

/** What is seen is believed for so long. */
export const slowFor: Millis = 10 * second;

/** So many writes in a row, each of them taking half as long as is slow, make a slow disk. */
const slowWrites = 3;

/** What was seen of this server's own pace; samples go in, a verdict comes out. */
export interface Pace {
  readonly limit: Millis;
  readonly slow: Slow | null;
  readonly lastAt: Millis;
  /** Writes in a row that took half of the limit, the end of the last of them, and what it took. */
  readonly lateWrites: number;
  readonly lateAt: Millis;
  readonly lateTook: Millis;
}

export function paceFrom(limit: Millis): Pace {
  return { limit, slow: null, lastAt: 0, lateWrites: 0, lateAt: 0, lateTook: 0 };
}

/** The event loop stood still for `took` at most since it was last asked. */
export function noteStandstill(pace: Pace, took: Millis, at: Millis): Pace {
  if (took < pace.limit) return pace;
  // Writes are waited for: a loop that stood still for one suffers from the disk.
  const isWrite = pace.lateWrites > 0 && pace.lateAt >= at - took - second;
  return isWrite
    ? noteSlow(pace, "disk", pace.lateTook, at)
    : noteSlow(pace, "processor", took, at);
}

/** The journal made a batch durable here. */
export function noteWrite(pace: Pace, took: Millis, at: Millis): Pace {
  if (took < pace.limit / 2) return pace.lateWrites === 0 ? pace : { ...pace, lateWrites: 0 };
  const lateWrites = at - pace.lateAt <= slowFor ? pace.lateWrites + 1 : 1;
  const noted = { ...pace, lateWrites, lateAt: at, lateTook: took };
  const isSlow = took >= pace.limit || lateWrites >= slowWrites;
  return isSlow ? noteSlow(noted, "disk", took, at) : noted;
}

/** Too slow to be Main at this time, or null. */
export function slownessAt(pace: Pace, at: Millis): Slow | null {
  return at - pace.lastAt <= slowFor ? pace.slow : null;
}

function noteSlow(pace: Pace, part: SlowPart, took: Millis, at: Millis): Pace {
  const before = slownessAt(pace, at);
  const since = before?.since ?? at - took;
  const worst = before?.part === part ? Math.max(before.worst, took) : took;
  return { ...pace, slow: { part, worst, since }, lastAt: at };
}

/** A server that took the duty from another gives it to nobody by itself for so long. */
export const handOverPause: Millis = 10 * minute;

/** A hand-over that did not come about is tried again after so long: while it is still slow. */
export const handOverAgain: Millis = 3 * second;

export interface HandOverView<Candidate> {
  readonly slow: Slow | null;
  /** Since when this server is Main by taking over from another; null: it always was. */
  readonly tookDutyAt: Millis | null;
  readonly triedAt: Millis | null;
  /** Servers that an operator could hand over to now. */
  readonly candidates: readonly (Candidate & { readonly isSlow: boolean })[];
}

/** Why a slow Main stays. */
export type Staying = "no-standby" | "all-slow" | "just-came" | "just-tried";

export type HandOver<Candidate> =
  | { readonly kind: "fit" }
  | { readonly kind: "stay"; readonly why: Staying }
  | { readonly kind: "hand-over"; readonly to: Candidate };

/**
 * Should this Main give its duty away because it is slow? Only to a valid Standby that is not slow
 * itself, and never back and forth: two slow servers stay as they are.
 */
export function judgeHandOver<Candidate>(
  { slow, tookDutyAt, triedAt, candidates }: HandOverView<Candidate>,
  at: Millis,
): HandOver<Candidate> {
  if (slow === null) return { kind: "fit" };
  if (candidates.length === 0) return { kind: "stay", why: "no-standby" };
  const to = candidates.find(({ isSlow }) => !isSlow);
  if (to === undefined) return { kind: "stay", why: "all-slow" };
  if (tookDutyAt !== null && at - tookDutyAt < handOverPause) {
    return { kind: "stay", why: "just-came" };
  }
  if (triedAt !== null && at - triedAt < handOverAgain) return { kind: "stay", why: "just-tried" };
  return { kind: "hand-over", to };
}

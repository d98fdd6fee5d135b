import { hour, type Instant, type Millis } from "@gridward/core/base/time";

/** Saved hourly and at every renewal: how old the replica was, and the latest time known then. */
export interface AgeRecord {
  /** Since a live, fresh server last named this set as current. */
  readonly age: Millis;
  readonly latest: Instant;
}

/** The same, tied to the monotonic clock of this run. */
export interface AgeAnchor extends AgeRecord {
  readonly monotonic: Millis;
}

/** Where the age is counted from after a start, when the clock shows no time gone by (DV15). */
const restartPenalty: Millis = hour;

/**
 * After a restart the monotonic clock knows nothing of the time in between; the wall clock may. If
 * it stands before the latest time known, it is wrong, and the replica still gets older.
 */
export function resumeAge(record: AgeRecord, now: Instant, monotonic: Millis): AgeAnchor {
  const gone = now > record.latest ? now - record.latest : restartPenalty;
  return { age: record.age + gone, latest: Math.max(now, record.latest), monotonic };
}

/** A fresh server's statement, bound to our nonce: age 0, and a time that can be trusted. */
export function renewAge(at: Instant, monotonic: Millis): AgeAnchor {
  return { age: 0, latest: at, monotonic };
}

export function ageAt(anchor: AgeAnchor, monotonic: Millis): Millis {
  return anchor.age + (monotonic - anchor.monotonic);
}

/** Time that never goes back: the wall clock, or the latest time known plus what went by since. */
export function timeAt(anchor: AgeAnchor, now: Instant, monotonic: Millis): Instant {
  return Math.max(now, Math.floor(anchor.latest + (monotonic - anchor.monotonic)));
}

export function recordAge(anchor: AgeAnchor, now: Instant, monotonic: Millis): AgeRecord {
  const age = Math.ceil(ageAt(anchor, monotonic));
  return { age, latest: timeAt(anchor, now, monotonic) };
}

import { hour, type Instant, type Millis } from "../base/time.ts";

/** Saved hourly and at every renewal: how old accounts were, and the latest time known then. */
export interface AgeRecord {
  /** Since these accounts were last known to be current. */
  readonly age: Millis;
  readonly latest: Instant;
}

/** The same, tied to the monotonic clock of this run. */
export interface AgeAnchor extends AgeRecord {
  readonly monotonic: Millis;
}

/** Time since the machine started, suspended or not, and which of its starts that was. */
export interface Uptime {
  readonly boot: string;
  readonly millis: Millis;
}

/** What a server keeps of the age of its accounts; no uptime where the system gives none. */
export interface AgeMark extends AgeRecord {
  readonly uptime: Uptime | null;
}

/** Where the age is counted from after a start, when the clock shows no time gone by (DV15). */
const restartPenalty: Millis = hour;

/**
 * After a restart the monotonic clock knows nothing of the time in between; the wall clock may. If
 * it stands before the latest time known, it is wrong, and the replica still gets older.
 */
export function resumeAge(record: AgeRecord, now: Instant, monotonic: Millis): AgeAnchor {
  const gone = now > record.latest ? now - record.latest : restartPenalty;
  return anchorAfter(record, gone, { now, monotonic });
}

/**
 * The same where the machine counts its uptime: within one start of the machine that alone is
 * believed, whatever the wall clock says; after another start at least that much has gone by.
 */
export function resumeMark(
  mark: AgeMark,
  uptime: Uptime | null,
  clocks: { readonly now: Instant; readonly monotonic: Millis },
): AgeAnchor {
  const { now, monotonic } = clocks;
  const before = mark.uptime;
  if (uptime === null) return resumeAge(mark, now, monotonic);
  const run = before?.boot === uptime.boot ? uptime.millis - before.millis : -1;
  if (run >= 0) return anchorAfter(mark, run, clocks);
  const resumed = resumeAge(mark, now, monotonic);
  return { ...resumed, age: Math.max(resumed.age, mark.age + uptime.millis) };
}

function anchorAfter(
  { age, latest }: AgeRecord,
  gone: Millis,
  { now, monotonic }: { readonly now: Instant; readonly monotonic: Millis },
): AgeAnchor {
  return { age: age + gone, latest: Math.max(now, latest), monotonic };
}

/** Current at this moment, and a time that can be trusted: age 0. */
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

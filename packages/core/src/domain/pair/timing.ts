import type { Millis } from "../../base/time.ts";

/** Timers of the pair (research: heartbeat 0.5 s; D < G, so that on a mere cut nobody moves). */
export const timing = {
  heartbeat: 500,
  /** D: a Main gives up on a silent or late Standby. */
  giveUp: 4_000,
  /** G: a Standby suspects a silent Main. */
  suspect: 6_000,
  /** L: without word from the partner for this long, answers are no longer stamped fresh. */
  fresh: 4_000,
  /** A process without a tick for this long stood still: the silence was its own. */
  standstill: 2_000,
  /** A synchronisation without progress for this long is stalled (HS5). */
  stalled: 60_000,
  /** A drain that cannot finish is given up. */
  drain: 10_000,
  /** New changes are held this long at most while a Standby is admitted. */
  admission: 1_000,
  /** First hold-off after a Standby was dropped; doubles each time up to `holdOffMost`. */
  holdOff: 10_000,
  holdOffMost: 600_000,
} as const satisfies Record<string, Millis>;

/** Entries sent to a following Standby in one message. */
export const entriesPerMessage = 512;

/** A Standby this close may be admitted: the last entries go while new changes are held. */
export const admissionLag = 1_024;

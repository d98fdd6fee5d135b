import { minute, second, type Millis } from "../../base/time.ts";

/** Timers of the pair that nobody needs to set. */
export const timing = {
  /** A synchronisation without progress for this long is stalled (HS5). */
  stalled: minute,
  /** A drain, or a switch of the mode, that cannot finish is given up. */
  drain: 10 * second,
  /** New changes are held this long at most while a Standby is admitted. */
  admission: second,
  /** First hold-off after a Standby was dropped; doubles each time up to `holdOffMost`. */
  holdOff: 10 * second,
  holdOffMost: 10 * minute,
  /** A question to the witness without an answer for so long was never asked: the disk was full. */
  unanswered: 4 * second,
  /** A witness is asked again this long after it was silent. */
  askAgain: second / 2,
  /** The owner's place in the history is noted at the witness so often, where it moved. */
  floor: 5 * second,
  /** An operator's promotion waits for the witness no longer. */
  promotion: 5 * second,
} as const satisfies Record<string, Millis>;

/**
 * How soon silence counts. One setting, because the order of these is what keeps a mere cut from
 * moving anything: the Main gives up on its Standby before the Standby suspects the Main (D < G).
 */
export interface Timers {
  readonly heartbeat: Millis;
  /** D: a Main gives up on a silent or late Standby. */
  readonly giveUp: Millis;
  /** G: a Standby suspects a silent Main. */
  readonly suspect: Millis;
  /** L: without word from the partner for this long, answers are no longer stamped fresh. */
  readonly fresh: Millis;
  /** A process without a tick for this long stood still: the silence was its own. */
  readonly standstill: Millis;
}

/** Bounds and default of the setting, milliseconds. */
export const suspectAfter = { least: 600, usual: 6 * second, most: minute } as const;

/**
 * Heartbeat 0.5 s, D 4 s, G 6 s where nothing is set (research: §2.6). `least` is the shortest
 * suspicion of all servers: beats, D and L must be shorter than every G (R18).
 */
export function timersOf(suspect: Millis, least: Millis = suspect): Timers {
  const giveUp = (least * 2) / 3;
  return { heartbeat: least / 12, giveUp, suspect, fresh: giveUp, standstill: suspect / 3 };
}

/** Entries sent to a following Standby in one message. */
export const entriesPerMessage = 512;

/** A Standby this close may be admitted: the last entries go while new changes are held. */
export const admissionLag = 1_024;

import type { PairAction } from "./event.ts";
import { act, type Turn } from "./turn.ts";

/** What a crash or a full disk kept out of the journal is written before anything else is (R12). */
export function recordLate(turn: Turn): void {
  const { control, self, unprotected } = turn.state;
  const { term, ackSet, mode } = control;
  const by = ackSet.length > 1 ? "changeover" : "promotion";
  turn.state = { ...turn.state, unrecorded: false };
  const since = turn.clocks.now;
  const pair = { term, owner: self, by, since, ackSet, mode, unprotected } as const;
  act(turn, { kind: "record-term", pair });
}

/** The set and the mode of now; where the term is still to be told, with it: one entry says all. */
export function recordChange(turn: Turn, what: "ack set" | "mode"): void {
  if (turn.state.unrecorded) return recordLate(turn);
  const { control, unprotected } = turn.state;
  const { ackSet, mode } = control;
  const entry: PairAction =
    what === "mode"
      ? { kind: "record-mode", mode }
      : { kind: "record-ack-set", ackSet, unprotected };
  act(turn, entry);
}

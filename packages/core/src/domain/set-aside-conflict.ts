import { minute, type Instant } from "../base/time.ts";
import type { Submission } from "./command.ts";
import { refuse } from "./refusal.ts";
import type { DirectoryState } from "./state.ts";
import type { SetAsideRow } from "./types.ts";

/** A lost change that is made again, and who orders that. */
export interface Again {
  readonly row: SetAsideRow;
  readonly submission: Submission;
}

/** Clocks of two servers differ by less; a change within it counts as made after the fork. */
const clocksDiffer = 5 * minute;

export function conflict(what: string): ReturnType<typeof refuse> {
  return refuse("tail.conflict", what);
}

/**
 * Was a row changed in the system since the fork? Not by a change of the same server that was
 * re-applied before this one: that is the order in which they were made.
 */
export function isChangedSince(state: DirectoryState, changedAt: Instant, { row }: Again): boolean {
  if (changedAt <= row.forkedAt - clocksDiffer) return false;
  return !state.tables.setAside
    .valueSeq()
    .some(
      ({ judged, node, term, seq }) =>
        judged?.verdict === "re-applied" &&
        judged.at === changedAt &&
        node === row.node &&
        (term < row.term || (term === row.term && seq <= row.seq)),
    );
}

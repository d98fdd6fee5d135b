import { loadRows } from "@gridward/core/domain/apply";
import { digestOf } from "@gridward/core/domain/digest";
import type { Entry } from "@gridward/core/domain/entry";
import type { DirectoryState } from "@gridward/core/domain/state";
import { allRows } from "@gridward/core/domain/tables";
import type { RowChange } from "@gridward/core/domain/types";
import type { OpenedJournal } from "@gridward/runtime/journal/journal";
import { sha256 } from "@gridward/runtime/os/hash";
import type { Random } from "./random.ts";

/**
 * A journal as it was opened, with a state that lost one row since: memory that forgot a bit.
 * Undefined where the row is yet to come with what follows the committed state.
 */
export function bendState(opened: OpenedJournal): OpenedJournal | undefined {
  if (opened.committedState.tables.policies.size === 0) return undefined;
  const state = withoutFirstPolicy(opened.state);
  const committedState = withoutFirstPolicy(opened.committedState);
  return {
    ...opened,
    state,
    digest: digestOf(state, sha256),
    committedState,
    committedDigest: digestOf(committedState, sha256),
  };
}

/** A state that lost a row. */
export function withoutFirstPolicy(state: DirectoryState): DirectoryState {
  const rows: RowChange[] = Array.from(allRows(state));
  const index = rows.findIndex(({ table }) => table === "policies");
  return loadRows(rows.filter((_, each) => each !== index));
}

/** One row of a first pass is lost on the way. */
export function damageRow<Row>(rows: readonly Row[], random: Random): readonly Row[] {
  const index = random.below(rows.length);
  return rows.filter((_, each) => each !== index);
}

/** Bits turned at rest: an entry with another content, another hash, or none at all in its place. */
export function bendEntries(entries: readonly Entry[], random: Random): readonly Entry[] {
  const index = random.below(entries.length);
  const entry = entries[index];
  if (entry === undefined) return entries;
  const kind = random.below(3);
  const isMissing = kind === 2 && index < entries.length - 1;
  if (isMissing) return entries.filter((_, each) => each !== index);
  const hash = entry.hash.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
  const bent = kind === 0 ? { ...entry, hash } : { ...entry, at: entry.at + 1 };
  return entries.map((each) => (each === entry ? bent : each));
}

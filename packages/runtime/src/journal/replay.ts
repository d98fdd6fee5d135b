import { err, ok, type Result } from "@gridward/core/base/result";
import { advance } from "@gridward/core/domain/apply";
import { digestAfter, digestOf, emptyDigest } from "@gridward/core/domain/digest";
import { type Entry, origin, type Position } from "@gridward/core/domain/entry";
import { emptyState, type DirectoryState } from "@gridward/core/domain/state";
import { sha256 } from "../os/hash.ts";
import type { JournalFault, OpenedJournal } from "./journal.ts";
import { findBrokenRule, positionOf, type Neighbours } from "./journal-rules.ts";

/** A state with the place in the journal at which it holds. */
export interface Version {
  readonly position: Position;
  readonly state: DirectoryState;
  /** Hexadecimal state digest, 64 characters. */
  readonly digest: string;
}

/** The state before the first entry. */
export const firstVersion: Version = { position: origin, state: emptyState, digest: emptyDigest };

/** All of an opened journal but the journal itself. */
export type Replayed = Omit<OpenedJournal, "journal">;

/** Whether the state of a snapshot has the digest that the snapshot states. */
export function findSnapshotFault({ position, state, digest }: Version): JournalFault | undefined {
  if (digestOf(state, sha256) === digest) return undefined;
  return {
    code: "journal.digest-mismatch",
    detail: `the snapshot at ${position.seq} does not have its digest`,
    seq: position.seq,
  };
}

/** From a version through the entries after it, verifying every rule on the way. */
export function replay(
  from: Version,
  entries: Iterable<Result<Entry, JournalFault>>,
  commitMark: number,
): Result<Replayed & { readonly last: Neighbours["earlier"] }, JournalFault> {
  let version = from;
  let committed = from;
  let earlier: Neighbours["earlier"] = from.position;
  for (const entry of entries) {
    if (!entry.ok) return entry;
    const next = follow(version, earlier, entry.value);
    if (!next.ok) return next;
    version = next.value;
    earlier = entry.value;
    if (version.position.seq <= commitMark) committed = version;
  }
  return ok({
    last: earlier,
    state: version.state,
    digest: version.digest,
    committed: committed.position,
    committedState: committed.state,
    committedDigest: committed.digest,
  });
}

function follow(
  before: Version,
  earlier: Neighbours["earlier"],
  entry: Entry,
): Result<Version, JournalFault> {
  const fault = findBrokenRule({ earlier, later: entry }) ?? findDigestFault(before, entry);
  if (fault !== undefined) return err(fault);
  try {
    const { state, changes } = advance(before.state, entry);
    const digest = digestAfter(before.digest, before.state, changes, sha256);
    return ok({ position: positionOf(entry), state, digest });
  } catch (error) {
    // A server wrote it that is not ours, or not of this version: its hash says nothing of that.
    const detail = `entry ${entry.seq} cannot be applied: ${String(error)}`;
    return err({ code: "journal.unreadable", detail, seq: entry.seq });
  }
}

/** J5: a journalled digest is that of the state before the entry that states it. */
function findDigestFault(before: Version, entry: Entry): JournalFault | undefined {
  for (const fact of entry.facts) {
    if (fact.kind !== "state-digested" || fact.digest === before.digest) continue;
    const detail = `rule J5: the state after ${before.position.seq} does not have its digest`;
    return { code: "journal.digest-mismatch", detail, seq: entry.seq };
  }
  return undefined;
}

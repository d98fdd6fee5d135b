import { err, ok, type Result } from "@gridward/core/base/result";
import { advance } from "@gridward/core/domain/apply";
import { digestAfter, type StateDigest } from "@gridward/core/domain/digest";
import type { Entry, Position } from "@gridward/core/domain/entry";
import { entryHash } from "@gridward/core/domain/entry-hash";
import type { DirectoryState } from "@gridward/core/domain/state";
import { sha256 } from "../os/hash.ts";
import type { JournalFault } from "./journal.ts";

/** A state with its place and digest: the start, or any point, of a replay. */
export interface Replayed {
  readonly state: DirectoryState;
  readonly digest: StateDigest;
  readonly position: Position;
}

/**
 * The state after one more entry, if that entry continues the chain and is what was written.
 * Used when a journal is opened, and by the doctor: the same checks, the same words.
 */
export function replayEntry(before: Replayed, entry: Entry): Result<Replayed, JournalFault> {
  const { seq } = entry;
  const { position } = before;
  if (seq !== position.seq + 1 || entry.prev !== position.hash) {
    return broken(seq, `change ${seq} does not continue change ${position.seq}`);
  }
  if (entryHash(entry, sha256) !== entry.hash) {
    return broken(seq, `change ${seq} is not what was written`);
  }
  for (const fact of entry.facts) {
    if (fact.kind !== "state-digested" || fact.digest === before.digest) continue;
    const detail = `the state after change ${fact.seq} is not the one that was recorded`;
    return err({ code: "journal.digest-mismatch", detail, seq });
  }
  const { state, changes } = advance(before.state, entry);
  const digest = digestAfter(before.digest, before.state, changes, sha256);
  const { term, start, hash } = entry;
  return ok({ state, digest, position: { term, start, seq, hash } });
}

function broken(seq: number, detail: string): Result<never, JournalFault> {
  return err({ code: "journal.chain-broken", detail, seq });
}

import { assert, err, ok, type Result } from "@gridward/core/base/result";
import { loadRows } from "@gridward/core/domain/apply";
import { digestOf, emptyDigest } from "@gridward/core/domain/digest";
import { type Entry, origin, type Position } from "@gridward/core/domain/entry";
import { emptyState } from "@gridward/core/domain/state";
import type { RowChange } from "@gridward/core/domain/types";
import { sha256 } from "../os/hash.ts";
import type {
  GenerationBuilder,
  Journal,
  JournalFault,
  JournalStore,
  OpenedJournal,
} from "./journal.ts";
import { type Replayed, replayEntry } from "./replay.ts";

/** What is "on the disk": it survives whoever opened it. */
interface Generation {
  readonly incarnation: string;
  snapshot: Replayed;
  entries: Entry[];
  committed: number;
}

/** Journals in memory, under the same contract as those on disk: for tests and the simulator. */
export class MemoryJournalStore implements JournalStore {
  readonly #generations = new Map<string, Generation>();

  open(incarnation: string): Result<OpenedJournal, JournalFault> {
    const generation = this.#generations.get(incarnation);
    if (!generation) {
      return err({ code: "journal.unreadable", detail: "there is no such generation", seq: null });
    }
    let at = generation.snapshot;
    let committed = at;
    for (const entry of generation.entries) {
      if (entry.seq <= at.position.seq) continue;
      const next = replayEntry(at, entry);
      if (!next.ok) return next;
      at = next.value;
      if (at.position.seq <= generation.committed) committed = at;
    }
    return ok(opened(new MemoryJournal(generation), at, committed));
  }

  create(incarnation: string): OpenedJournal {
    const snapshot = { state: emptyState, digest: emptyDigest, position: origin };
    const generation = { incarnation, snapshot, entries: [], committed: 0 };
    this.#generations.set(incarnation, generation);
    return opened(new MemoryJournal(generation), snapshot, snapshot);
  }

  build(incarnation: string): GenerationBuilder {
    const rows: RowChange[] = [];
    return {
      incarnation,
      rows: (more) => void rows.push(...more),
      finish: (position, digest) => {
        const state = loadRows(rows);
        if (digestOf(state, sha256) !== digest) {
          const detail = "the rows that arrived are not the Main's state";
          return err({ code: "journal.digest-mismatch", detail, seq: position.seq });
        }
        const snapshot = { state, digest, position };
        const generation = { incarnation, snapshot, entries: [], committed: position.seq };
        this.#generations.set(incarnation, generation);
        return ok(opened(new MemoryJournal(generation), snapshot, snapshot));
      },
      abandon: () => void this.#generations.delete(incarnation),
    };
  }

  keepOnly(incarnation: string): void {
    for (const name of this.#generations.keys()) {
      if (name !== incarnation) this.#generations.delete(name);
    }
  }
}

function opened(journal: Journal, head: Replayed, committed: Replayed): OpenedJournal {
  return {
    journal,
    state: head.state,
    digest: head.digest,
    committed: committed.position,
    committedState: committed.state,
    committedDigest: committed.digest,
  };
}

class MemoryJournal implements Journal {
  readonly #generation: Generation;

  constructor(generation: Generation) {
    this.#generation = generation;
  }

  get incarnation(): string {
    return this.#generation.incarnation;
  }

  head(): Position {
    const last = this.#generation.entries.at(-1);
    return last ? positionOf(last) : this.#generation.snapshot.position;
  }

  first(): number {
    return this.#generation.entries[0]?.seq ?? this.head().seq + 1;
  }

  append(entries: readonly Entry[], committed: number): void {
    let before = this.head();
    for (const entry of entries) {
      assert(
        entry.seq === before.seq + 1 && entry.prev === before.hash,
        "entries continue the head",
      );
      before = positionOf(entry);
    }
    this.#generation.entries.push(...entries);
    this.noteCommitted(committed);
  }

  noteCommitted(seq: number): void {
    this.#generation.committed = Math.max(this.#generation.committed, seq);
  }

  read(seq: number, limit: number): readonly Entry[] {
    const from = seq - this.first();
    return from < 0 ? [] : this.#generation.entries.slice(from, from + limit);
  }

  hashAt(seq: number): string | undefined {
    const { position } = this.#generation.snapshot;
    return seq === position.seq ? position.hash : this.read(seq, 1)[0]?.hash;
  }

  terms(): readonly Position[] {
    const ends = new Map<number, Position>();
    const { position } = this.#generation.snapshot;
    if (position.seq > 0) ends.set(position.term, position);
    for (const entry of this.#generation.entries) ends.set(entry.term, positionOf(entry));
    return Array.from(ends.values());
  }

  truncate(seq: number): void {
    assert(seq >= this.#generation.snapshot.position.seq, "a snapshot is never cut");
    this.#generation.entries = this.#generation.entries.filter((entry) => entry.seq <= seq);
    this.#generation.committed = Math.min(this.#generation.committed, seq);
  }

  saveSnapshot(state: Replayed["state"], position: Position, digest: string): void {
    this.#generation.snapshot = { state, position, digest };
    this.noteCommitted(position.seq);
  }

  close(): void {
    // Nothing is open: what was appended is there.
  }
}

function positionOf({ term, start, seq, hash }: Position): Position {
  return { term, start, seq, hash };
}

import { assert, err, ok, type Result } from "@gridward/core/base/result";
import { loadRows } from "@gridward/core/domain/apply";
import type { Entry, Position } from "@gridward/core/domain/entry";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { RowChange } from "@gridward/core/domain/types";
import type {
  GenerationBuilder,
  Journal,
  JournalFault,
  JournalStore,
  OpenedJournal,
} from "./journal.ts";
import { findBrokenRuleIn, positionOf } from "./journal-rules.ts";
import { findSnapshotFault, firstVersion, replay, type Version } from "./replay.ts";

/** What a disk would hold of one generation. */
interface Generation {
  readonly incarnation: string;
  snapshot: Version;
  /** All after the snapshot, and as many before it as are kept. */
  entries: Entry[];
  terms: Position[];
  commitMark: number;
  /** Nobody changed the snapshot since its digest was compared. */
  isProved: boolean;
}

export interface MemoryJournalStore extends JournalStore {
  /** Changes what lies on the disk of a generation behind everybody's back. */
  bend(incarnation: string, change: (entries: readonly Entry[]) => readonly Entry[]): void;
  /** The same for the state of its snapshot, under the digest that was written with it. */
  bendSnapshot(incarnation: string, change: (state: DirectoryState) => DirectoryState): void;
}

/**
 * Journals in memory, for tests and the simulator. What was appended survives `open` on the same
 * store; a journal that is not closed and opened again stands for a crash.
 */
export function memoryJournalStore(): MemoryJournalStore {
  const generations = new Map<string, Generation>();
  const begin = (
    incarnation: string,
    snapshot: Version,
    earlier: readonly Position[] = [],
  ): OpenedJournal => {
    assert(!generations.has(incarnation), "an incarnation is used once");
    const terms = snapshot.position.seq === 0 ? [] : [...earlier, snapshot.position];
    const commitMark = snapshot.position.seq;
    const generation = { incarnation, snapshot, entries: [], terms, commitMark, isProved: true };
    generations.set(incarnation, generation);
    return mustOpen(generation);
  };
  return {
    open(incarnation) {
      const generation = generations.get(incarnation);
      if (generation === undefined) return err(absent(incarnation));
      return openGeneration(generation);
    },
    create: (incarnation) => begin(incarnation, firstVersion),
    build: (incarnation) => memoryBuilder(incarnation, (...whole) => begin(incarnation, ...whole)),
    bend(incarnation, change) {
      const generation = generations.get(incarnation);
      if (generation) generation.entries = [...change(generation.entries)];
    },
    bendSnapshot(incarnation, change) {
      const generation = generations.get(incarnation);
      if (generation === undefined) return;
      const { snapshot } = generation;
      generation.snapshot = { ...snapshot, state: change(snapshot.state) };
      generation.isProved = false;
    },
    keepOnly(incarnation) {
      for (const key of generations.keys()) if (key !== incarnation) generations.delete(key);
    },
  };
}

function absent(incarnation: string): JournalFault {
  return { code: "journal.unreadable", detail: `there is no generation ${incarnation}`, seq: null };
}

function openGeneration(generation: Generation): Result<OpenedJournal, JournalFault> {
  const { snapshot, entries, commitMark, isProved } = generation;
  const fault = isProved ? undefined : findSnapshotFault(snapshot);
  if (fault !== undefined) return err(fault);
  const later = entries.filter((entry) => entry.seq > snapshot.position.seq);
  const replayed = replay(snapshot, later.map(ok), commitMark);
  if (!replayed.ok) return replayed;
  const { last, ...opened } = replayed.value;
  return ok({ journal: new MemoryJournal(generation, positionOf(last)), ...opened });
}

function mustOpen(generation: Generation): OpenedJournal {
  const opened = openGeneration(generation);
  assert(opened.ok, "a generation without entries opens");
  return opened.value;
}

class MemoryJournal implements Journal {
  readonly #generation: Generation;
  #head: Position;
  #noted: number;

  constructor(generation: Generation, head: Position) {
    this.#generation = generation;
    this.#head = head;
    this.#noted = generation.commitMark;
  }

  get incarnation(): string {
    return this.#generation.incarnation;
  }

  head(): Position {
    return this.#head;
  }

  first(): number {
    return this.#generation.entries[0]?.seq ?? this.#head.seq + 1;
  }

  append(entries: readonly Entry[], committed: number): void {
    const fault = findBrokenRuleIn(this.#last(), entries);
    assert(fault === undefined, `appended entries continue the journal: ${fault?.detail}`);
    const { terms } = this.#generation;
    for (const entry of entries) {
      this.#generation.entries.push(entry);
      if (terms.at(-1)?.term === entry.term) terms.pop();
      terms.push(positionOf(entry));
      this.#head = positionOf(entry);
    }
    this.noteCommitted(committed);
    this.#generation.commitMark = this.#noted;
  }

  noteCommitted(seq: number): void {
    this.#noted = Math.min(Math.max(this.#noted, seq), this.#head.seq);
  }

  read(seq: number, limit: number): readonly Entry[] {
    const start = Math.max(0, seq - this.first());
    return this.#generation.entries.slice(start, start + limit);
  }

  hashAt(seq: number): string | undefined {
    const { entries, snapshot } = this.#generation;
    const entry = entries[seq - this.first()];
    return entry?.hash ?? (seq === snapshot.position.seq ? snapshot.position.hash : undefined);
  }

  terms(): readonly Position[] {
    return [...this.#generation.terms];
  }

  truncate(seq: number): void {
    const generation = this.#generation;
    const { position } = generation.snapshot;
    assert(seq >= position.seq && seq <= this.#head.seq, "a cut lies after the snapshot");
    const kept = generation.entries.filter((entry) => entry.seq <= seq);
    const last = kept.at(-1);
    this.#head = last === undefined ? position : positionOf(last);
    generation.entries = kept;
    generation.terms = generation.terms.filter((end) => end.seq < seq);
    if (seq > 0) generation.terms.push(this.#head);
    this.#noted = Math.min(this.#noted, seq);
    generation.commitMark = Math.min(generation.commitMark, seq);
  }

  saveSnapshot(state: DirectoryState, position: Position, digest: string): void {
    assert(this.hashAt(position.seq) === position.hash, "a snapshot lies on the journal");
    this.#generation.isProved = true;
    this.#generation.snapshot = { state, position: positionOf(position), digest };
  }

  close(): void {
    this.#generation.commitMark = this.#noted;
  }

  #last(): Position {
    return this.#generation.entries.at(-1) ?? this.#head;
  }
}

function memoryBuilder(
  incarnation: string,
  begin: (version: Version, earlier?: readonly Position[]) => OpenedJournal,
): GenerationBuilder {
  let rows: RowChange[] = [];
  return {
    incarnation,
    rows(changes) {
      rows.push(...changes);
    },
    finish(position, digest, earlier) {
      const version = { position: positionOf(position), state: loadRows(rows), digest };
      const fault = findSnapshotFault(version);
      return fault === undefined ? ok(begin(version, earlier)) : err(fault);
    },
    abandon() {
      rows = [];
    },
  };
}

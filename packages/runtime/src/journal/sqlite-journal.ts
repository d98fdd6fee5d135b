import type { DatabaseSync, StatementSync } from "node:sqlite";
import { canonical } from "@gridward/core/base/canonical";
import { assert, err, ok, type Result } from "@gridward/core/base/result";
import type { Entry, Position } from "@gridward/core/domain/entry";
import { parseEntry } from "@gridward/core/domain/parse-entry";
import type { DirectoryState } from "@gridward/core/domain/state";
import { DiskFull, type Journal, type JournalFault, type OpenedJournal } from "./journal.ts";
import { findBrokenRuleIn, positionOf, type Neighbours } from "./journal-rules.ts";
import { RecentEntries } from "./recent-entries.ts";
import { replay, type Version } from "./replay.ts";
import {
  parseJson,
  readSnapshot,
  rowsBetween,
  rowWriter,
  writeSnapshotPlace,
} from "./snapshot-rows.ts";
import { inTransaction, numberOf } from "./sqlite-file.ts";

/** Verifies everything from the snapshot on, and gives the journal with its state. */
export function openSqliteJournal(
  database: DatabaseSync,
  incarnation: string,
  entriesKept: number,
  snapshot: Result<Version, JournalFault> = readSnapshot(database),
): Result<OpenedJournal, JournalFault> {
  if (!snapshot.ok) return snapshot;
  const committed = numberOf(database, "SELECT committed FROM generation");
  const entries = readEntries(database, snapshot.value.position.seq + 1);
  const replayed = replay(snapshot.value, entries, committed);
  if (!replayed.ok) return replayed;
  const { last, ...opened } = replayed.value;
  const journal = new SqliteJournal(database, {
    incarnation,
    entriesKept,
    snapshot: snapshot.value,
    last,
    committed: opened.committed.seq,
  });
  return ok({ journal, ...opened });
}

/** Entries from `seq` on, each parsed as from a stranger: the disk is one. */
export function* readEntries(
  database: DatabaseSync,
  seq: number,
  limit = -1,
): Generator<Result<Entry, JournalFault>, void> {
  const select = "SELECT seq, body FROM entries WHERE seq >= ? ORDER BY seq LIMIT ?";
  for (const row of database.prepare(select).iterate(seq, limit)) {
    const entry = parseEntry(parseJson(row["body"]));
    if (entry.ok && entry.value.seq === row["seq"]) yield entry;
    else yield err(unreadableEntry(row["seq"], entry.ok ? "is not at its place" : entry.error));
  }
}

function unreadableEntry(seq: unknown, why: string): JournalFault {
  const at = typeof seq === "number" ? seq : null;
  return { code: "journal.unreadable", detail: `entry ${String(seq)}: ${why}`, seq: at };
}

interface Beginning {
  readonly incarnation: string;
  readonly entriesKept: number;
  readonly snapshot: Version;
  readonly last: Neighbours["earlier"];
  readonly committed: number;
}

/** What every append needs, prepared once. */
interface Statements {
  readonly putEntry: StatementSync;
  readonly putTerm: StatementSync;
  readonly putCommitted: StatementSync;
}

function prepareStatements(database: DatabaseSync): Statements {
  const term = "INSERT OR REPLACE INTO terms (term, start, seq, hash) VALUES (?, ?, ?, ?)";
  return {
    putEntry: database.prepare("INSERT INTO entries (seq, body) VALUES (?, ?)"),
    putTerm: database.prepare(term),
    putCommitted: database.prepare("UPDATE generation SET committed = ?"),
  };
}

class SqliteJournal implements Journal {
  readonly incarnation: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #entriesKept: number;
  readonly #recent = new RecentEntries();
  /** What the rows in the file are; the next snapshot writes only the difference. */
  #snapshot: Version;
  #last: Neighbours["earlier"];
  /** In the file, and noted since. */
  #committed: number;
  #noted: number;
  #isBroken = false;

  constructor(database: DatabaseSync, beginning: Beginning) {
    this.incarnation = beginning.incarnation;
    this.#database = database;
    this.#statements = prepareStatements(database);
    this.#entriesKept = beginning.entriesKept;
    this.#snapshot = beginning.snapshot;
    this.#last = beginning.last;
    this.#committed = beginning.committed;
    this.#noted = beginning.committed;
  }

  head(): Position {
    return positionOf(this.#last);
  }

  first(): number {
    const first = numberOf(this.#database, "SELECT min(seq) FROM entries");
    return first === 0 ? this.#last.seq + 1 : first;
  }

  append(entries: readonly Entry[], committed: number): void {
    const last = entries.at(-1);
    if (last === undefined) return this.noteCommitted(committed);
    const fault = findBrokenRuleIn(this.#last, entries);
    assert(fault === undefined, `appended entries continue the journal: ${fault?.detail}`);
    const mark = Math.min(Math.max(this.#noted, committed), last.seq);
    this.#write(() => {
      const { putEntry } = this.#statements;
      for (const entry of entries) putEntry.run(entry.seq, canonical(entry));
      this.#writeEndsOfTerms(entries);
      this.#writeCommitted(mark);
    });
    this.#recent.add(entries);
    this.#last = last;
    this.#committed = mark;
    this.#noted = mark;
  }

  noteCommitted(seq: number): void {
    this.#noted = Math.min(Math.max(this.#noted, seq), this.#last.seq);
  }

  read(seq: number, limit: number): readonly Entry[] {
    const recent = this.#recent.read(seq, limit);
    if (recent !== undefined) return recent;
    const entries: Entry[] = [];
    for (const entry of readEntries(this.#database, seq, limit)) {
      assert(entry.ok, "an entry that was verified at opening can be read");
      entries.push(entry.value);
    }
    return entries;
  }

  hashAt(seq: number): string | undefined {
    const recent = this.#recent.hashAt(seq);
    if (recent !== undefined) return recent;
    const select = "SELECT body ->> 'hash' AS hash FROM entries WHERE seq = ?";
    const hash = this.#database.prepare(select).get(seq)?.["hash"];
    if (typeof hash === "string") return hash;
    const { position } = this.#snapshot;
    return seq === position.seq ? position.hash : undefined;
  }

  terms(): readonly Position[] {
    const select = "SELECT term, start, seq, hash FROM terms WHERE term < ? ORDER BY term";
    const earlier = this.#database.prepare(select).all(this.#last.term);
    const ended = earlier.map(({ term, start, seq, hash }) => ({
      term: Number(term),
      start: Number(start),
      seq: Number(seq),
      hash: String(hash),
    }));
    return this.#last.seq === 0 ? ended : [...ended, positionOf(this.#last)];
  }

  truncate(seq: number): void {
    const { position } = this.#snapshot;
    assert(seq >= position.seq && seq <= this.#last.seq, "a cut lies after the snapshot");
    const last = seq === position.seq ? position : this.read(seq, 1)[0];
    assert(last !== undefined, "an entry after the snapshot is kept");
    this.#write(() => {
      this.#database.prepare("DELETE FROM entries WHERE seq > ?").run(seq);
      this.#database.prepare("DELETE FROM terms WHERE seq > ?").run(seq);
      this.#writeCommitted(Math.min(this.#noted, seq));
    });
    this.#recent.cut(seq);
    this.#last = last;
    this.#noted = Math.min(this.#noted, seq);
    this.#committed = this.#noted;
  }

  saveSnapshot(state: DirectoryState, position: Position, digest: string): void {
    assert(this.hashAt(position.seq) === position.hash, "a snapshot lies on the journal");
    const oldest = Math.min(position.seq, this.#last.seq - this.#entriesKept);
    this.#write(() => {
      rowWriter(this.#database)(rowsBetween(this.#snapshot.state, state));
      writeSnapshotPlace(this.#database, position, digest);
      this.#database.prepare("DELETE FROM entries WHERE seq <= ?").run(oldest);
    });
    this.#recent.forget(oldest);
    this.#snapshot = { position: positionOf(position), state, digest };
  }

  close(): void {
    try {
      if (!this.#isBroken && this.#noted > this.#committed) {
        this.#write(() => this.#writeCommitted(this.#noted));
      }
    } catch (error) {
      // The mark saves the next start some work; nothing that was promised is in it.
      if (!(error instanceof DiskFull)) throw error;
    } finally {
      this.#database.close();
    }
  }

  /** A term ends where the next begins; that of the last entry is still open. */
  #writeEndsOfTerms(entries: readonly Entry[]): void {
    let before = this.#last;
    for (const entry of entries) {
      const { term, start, seq, hash } = before;
      if (entry.term !== term && seq > 0) this.#statements.putTerm.run(term, start, seq, hash);
      before = entry;
    }
  }

  #writeCommitted(seq: number): void {
    this.#statements.putCommitted.run(seq);
  }

  /** After an error other than a full disk nobody knows what is on the disk: nothing is retried. */
  #write(work: () => void): void {
    assert(!this.#isBroken, "a journal whose disk failed is not written again");
    try {
      inTransaction(this.#database, work);
    } catch (error) {
      this.#isBroken = !(error instanceof DiskFull);
      throw error;
    }
  }
}

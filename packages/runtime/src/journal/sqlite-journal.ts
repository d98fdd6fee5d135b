import type { DatabaseSync, StatementSync } from "node:sqlite";
import { assert } from "@gridward/core/base/result";
import type { Entry, Position } from "@gridward/core/domain/entry";
import { parseEntry } from "@gridward/core/domain/parse-entry";
import type { DirectoryState } from "@gridward/core/domain/state";
import { allRows } from "@gridward/core/domain/tables";
import { DiskFull, type Journal } from "./journal.ts";
import { isFull, readMeta, writeMeta } from "./sqlite-file.ts";

interface Statements {
  readonly insert: StatementSync;
  readonly read: StatementSync;
  readonly hash: StatementSync;
}

/** One generation in one SQLite file: plain prepared statements in one transaction a batch. */
export class SqliteJournal implements Journal {
  readonly incarnation: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  #head: Position;
  #first: number;
  /** Last position of each term, by term. */
  readonly #terms: Map<number, Position>;
  #committed: number;

  constructor(
    database: DatabaseSync,
    found: {
      readonly incarnation: string;
      readonly head: Position;
      readonly first: number;
      readonly terms: readonly Position[];
      readonly committed: number;
    },
  ) {
    this.#database = database;
    this.incarnation = found.incarnation;
    this.#head = found.head;
    this.#first = found.first;
    this.#terms = new Map(found.terms.map((position) => [position.term, position]));
    this.#committed = found.committed;
    this.#statements = {
      insert: database.prepare(
        "INSERT INTO entries (seq, term, start, hash, body) VALUES (?, ?, ?, ?, ?)",
      ),
      read: database.prepare("SELECT body FROM entries WHERE seq >= ? ORDER BY seq LIMIT ?"),
      hash: database.prepare("SELECT hash FROM entries WHERE seq = ?"),
    };
  }

  head(): Position {
    return this.#head;
  }

  first(): number {
    return this.#first;
  }

  append(entries: readonly Entry[], committed: number): void {
    let before = this.#head;
    for (const entry of entries) {
      assert(
        entry.seq === before.seq + 1 && entry.prev === before.hash,
        "entries continue the head",
      );
      before = entry;
    }
    this.#transaction(() => {
      for (const entry of entries) {
        const { seq, term, start, hash } = entry;
        this.#statements.insert.run(seq, term, start, hash, JSON.stringify(entry));
      }
      writeMeta(this.#database, "committed", Math.max(committed, this.#committed));
    });
    for (const { term, start, seq, hash } of entries) {
      this.#head = { term, start, seq, hash };
      this.#terms.set(term, this.#head);
    }
    this.#committed = Math.max(committed, this.#committed);
  }

  noteCommitted(seq: number): void {
    if (seq <= this.#committed) return;
    this.#transaction(() => writeMeta(this.#database, "committed", seq));
    this.#committed = seq;
  }

  read(seq: number, limit: number): readonly Entry[] {
    return this.#statements.read.all(seq, limit).map((row) => {
      const entry = parseEntry(JSON.parse(String(row["body"])));
      // What was verified at opening and has changed since is a disk that lies: stop.
      assert(entry.ok, `change ${seq} of the journal is readable`);
      return entry.value;
    });
  }

  hashAt(seq: number): string | undefined {
    if (seq === this.#head.seq) return this.#head.hash;
    const row = this.#statements.hash.get(seq);
    return row === undefined ? this.#hashOfSnapshot(seq) : String(row["hash"]);
  }

  terms(): readonly Position[] {
    return Array.from(this.#terms.values());
  }

  truncate(seq: number): void {
    const hash = this.hashAt(seq);
    assert(hash !== undefined, "a cut is made after an entry that is kept");
    this.#transaction(() => {
      this.#database.prepare("DELETE FROM entries WHERE seq > ?").run(seq);
      writeMeta(this.#database, "committed", Math.min(this.#committed, seq));
    });
    // The caller opens the journal anew: head and terms are read from the disk again.
  }

  saveSnapshot(state: DirectoryState, position: Position, digest: string): void {
    this.#transaction(() => {
      this.#database.exec("DELETE FROM snapshot_rows");
      const insert = this.#database.prepare(
        "INSERT INTO snapshot_rows (name, key, row) VALUES (?, ?, ?)",
      );
      for (const { table, key, row } of allRows(state)) {
        insert.run(table, key, JSON.stringify(row));
      }
      writeMeta(this.#database, "snapshot", { position, digest });
      writeMeta(this.#database, "committed", Math.max(position.seq, this.#committed));
    });
    this.#committed = Math.max(position.seq, this.#committed);
  }

  close(): void {
    this.#database.close();
  }

  #hashOfSnapshot(seq: number): string | undefined {
    const snapshot = readMeta(this.#database).snapshot;
    return snapshot?.position.seq === seq ? snapshot.position.hash : undefined;
  }

  /** All or nothing; no room on the disk is told apart from a disk that fails. */
  #transaction(work: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      if (isFull(error)) throw new DiskFull("no room for the journal");
      throw error;
    }
  }
}

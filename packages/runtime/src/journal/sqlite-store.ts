import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { err, ok, type Result } from "@gridward/core/base/result";
import { loadRows } from "@gridward/core/domain/apply";
import { digestOf, emptyDigest } from "@gridward/core/domain/digest";
import { origin, type Position } from "@gridward/core/domain/entry";
import { parseEntry } from "@gridward/core/domain/parse-entry";
import { emptyState } from "@gridward/core/domain/state";
import { tableNames } from "@gridward/core/domain/tables";
import type { RowChange, TableName } from "@gridward/core/domain/types";
import { makeDirectory, removePath, syncDirectory } from "../os/files.ts";
import { sha256 } from "../os/hash.ts";
import type { GenerationBuilder, JournalFault, JournalStore, OpenedJournal } from "./journal.ts";
import { type Replayed, replayEntry } from "./replay.ts";
import { createTables, openDatabase, readMeta, schemaVersion, writeMeta } from "./sqlite-file.ts";
import { SqliteJournal } from "./sqlite-journal.ts";

/** The generations of a data directory: DIR/generations/<incarnation>/journal.db */
export class SqliteJournalStore implements JournalStore {
  readonly #root: string;

  constructor(directory: string) {
    this.#root = join(directory, "generations");
  }

  open(incarnation: string): Result<OpenedJournal, JournalFault> {
    const path = journalPath(this.#root, incarnation);
    if (!existsSync(path)) return fault("journal.unreadable", "the journal file is missing");
    let database: DatabaseSync | undefined;
    try {
      database = openDatabase(path, { readOnly: false });
      const opened = openVerified(database, incarnation);
      if (!opened.ok) database.close();
      return opened;
    } catch (error) {
      database?.close();
      return fault("journal.unreadable", error instanceof Error ? error.message : "not readable");
    }
  }

  create(incarnation: string): OpenedJournal {
    const database = this.#newFile(incarnation);
    const start: Replayed = { state: emptyState, digest: emptyDigest, position: origin };
    return openedAt(database, incarnation, start);
  }

  build(incarnation: string): GenerationBuilder {
    const database = this.#newFile(incarnation);
    return buildGeneration(database, incarnation, () => {
      removePath(join(this.#root, incarnation));
    });
  }

  keepOnly(incarnation: string): void {
    if (!existsSync(this.#root)) return;
    for (const name of readdirSync(this.#root)) {
      if (name !== incarnation) removePath(join(this.#root, name));
    }
  }

  #newFile(incarnation: string): DatabaseSync {
    makeDirectory(join(this.#root, incarnation));
    const database = openDatabase(journalPath(this.#root, incarnation), { readOnly: false });
    createTables(database, incarnation);
    syncDirectory(join(this.#root, incarnation));
    syncDirectory(this.#root);
    return database;
  }
}

export function journalPath(root: string, incarnation: string): string {
  return join(root, incarnation, "journal.db");
}

function fault(code: JournalFault["code"], detail: string): Result<never, JournalFault> {
  return err({ code, detail, seq: null });
}

/** Reads everything from the snapshot on and believes nothing that its hash does not prove. */
export function openVerified(
  database: DatabaseSync,
  incarnation: string,
): Result<OpenedJournal, JournalFault> {
  const meta = readMeta(database);
  if (meta.schema !== schemaVersion) {
    return fault("journal.unsupported", `its tables are version ${String(meta.schema)}`);
  }
  if (meta.incarnation !== incarnation) {
    return fault("journal.wrong-incarnation", "the file belongs to another data directory");
  }
  const snapshot = readSnapshot(database);
  if (!snapshot.ok) return snapshot;
  const replayed = replayFrom(database, snapshot.value, meta.committed);
  if (!replayed.ok) return replayed;
  const { head, committed } = replayed.value;
  return ok(openedAt(database, incarnation, head, committed));
}

function readSnapshot(database: DatabaseSync): Result<Replayed, JournalFault> {
  const { snapshot } = readMeta(database);
  if (!snapshot) return ok({ state: emptyState, digest: emptyDigest, position: origin });
  const rows: RowChange[] = [];
  const select = database.prepare("SELECT name, key, row FROM snapshot_rows");
  for (const { name, key, row } of select.iterate()) {
    const table = tableNames.find((each) => each === name);
    if (!table) return fault("journal.unsupported", `the snapshot has a table ${String(name)}`);
    rows.push(rowChange(table, String(key), JSON.parse(String(row))));
  }
  const state = loadRows(rows);
  const { position, digest } = snapshot;
  if (digestOf(state, sha256) !== digest) {
    return fault("journal.digest-mismatch", "the snapshot is not the state that was saved");
  }
  return ok({ state, digest, position });
}

/** A row of our own writing; its digest, checked by the caller, proves its shape. */
function rowChange(table: TableName, key: string, row: unknown): RowChange {
  return { table, key, row } as RowChange;
}

function replayFrom(
  database: DatabaseSync,
  snapshot: Replayed,
  committedSeq: number,
): Result<{ readonly head: Replayed; readonly committed: Replayed }, JournalFault> {
  let head = snapshot;
  let committed = snapshot;
  const select = database.prepare("SELECT seq, body FROM entries WHERE seq > ? ORDER BY seq");
  for (const { seq, body } of select.iterate(snapshot.position.seq)) {
    const entry = parseEntry(JSON.parse(String(body)));
    if (!entry.ok) {
      const detail = `change ${String(seq)} is not readable: ${entry.error}`;
      return err({ code: "journal.chain-broken", detail, seq: Number(seq) });
    }
    const next = replayEntry(head, entry.value);
    if (!next.ok) return next;
    head = next.value;
    if (head.position.seq <= committedSeq) committed = head;
  }
  return ok({ head, committed });
}

function openedAt(
  database: DatabaseSync,
  incarnation: string,
  head: Replayed,
  committed: Replayed = head,
): OpenedJournal {
  const { position } = head;
  const journal = new SqliteJournal(database, {
    incarnation,
    head: position,
    first: firstSeq(database) ?? position.seq + 1,
    terms: termEnds(database, readMeta(database).snapshot?.position),
    committed: committed.position.seq,
  });
  return {
    journal,
    state: head.state,
    digest: head.digest,
    committed: committed.position,
    committedState: committed.state,
    committedDigest: committed.digest,
  };
}

function firstSeq(database: DatabaseSync): number | undefined {
  const row = database.prepare("SELECT MIN(seq) AS first FROM entries").get();
  return typeof row?.["first"] === "number" ? row["first"] : undefined;
}

function termEnds(database: DatabaseSync, snapshot: Position | undefined): readonly Position[] {
  const ends = new Map<number, Position>();
  if (snapshot) ends.set(snapshot.term, snapshot);
  const select = database.prepare(
    `SELECT term, start, seq, hash FROM entries
     WHERE seq IN (SELECT MAX(seq) FROM entries GROUP BY term) ORDER BY seq`,
  );
  for (const row of select.iterate()) {
    const term = Number(row["term"]);
    ends.set(term, {
      term,
      start: Number(row["start"]),
      seq: Number(row["seq"]),
      hash: String(row["hash"]),
    });
  }
  return Array.from(ends.values());
}

function buildGeneration(
  database: DatabaseSync,
  incarnation: string,
  remove: () => void,
): GenerationBuilder {
  const all: RowChange[] = [];
  const insert = database.prepare("INSERT INTO snapshot_rows (name, key, row) VALUES (?, ?, ?)");
  const abandon = (): void => {
    database.close();
    remove();
  };
  database.exec("BEGIN IMMEDIATE");
  return {
    incarnation,
    rows(changes) {
      for (const change of changes) {
        insert.run(change.table, change.key, JSON.stringify(change.row));
        all.push(change);
      }
    },
    finish(position, digest) {
      const state = loadRows(all);
      if (digestOf(state, sha256) !== digest) {
        abandon();
        return fault("journal.digest-mismatch", "the rows that arrived are not the Main's state");
      }
      writeMeta(database, "snapshot", { position, digest });
      writeMeta(database, "committed", position.seq);
      database.exec("COMMIT");
      return ok(openedAt(database, incarnation, { state, digest, position }));
    },
    abandon,
  };
}

import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { version } from "@gridward/core/base/version";
import { errorCode, isOutOfRoom } from "../os/files.ts";
import { DiskFull, type JournalFault } from "./journal.ts";

/** "GWJL": tells our journal from any other SQLite file. */
const applicationId = 0x4757_4a4c;

/** Raised with every change of the tables below. */
const schemaVersion = 1;

/** How long a writer waits for the doctor, or the doctor for a writer. */
const patienceMs = 5_000;

/**
 * A snapshot is the state at one place of the journal; it stands in the same file, so that both
 * change in one transaction. A generation without a snapshot row was never finished.
 */
const schema = `
  CREATE TABLE generation (
    id INTEGER PRIMARY KEY CHECK (id = 1), incarnation TEXT NOT NULL, committed INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE entries (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE terms (
    term INTEGER PRIMARY KEY, start INTEGER NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY CHECK (id = 1), term INTEGER NOT NULL, start INTEGER NOT NULL,
    seq INTEGER NOT NULL, hash TEXT NOT NULL, digest TEXT NOT NULL
  ) STRICT;
  CREATE TABLE rows (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
  ) STRICT;
`;

/** A new file for a journal, readable by its owner only (SQLite gives its side files that mode). */
export function createJournalFile(path: string): void {
  closeSync(openSync(path, "wx", 0o600));
}

/** Makes an empty journal of an empty file. */
export function writeSchema(database: DatabaseSync, incarnation: string): void {
  database.exec("PRAGMA journal_mode = WAL"); // Kept in the file.
  inTransaction(database, () => {
    database.exec(`
      ${schema}
      PRAGMA application_id = ${applicationId};
      PRAGMA user_version = ${schemaVersion};
    `);
    const insert = "INSERT INTO generation (id, incarnation, committed) VALUES (1, ?, 0)";
    database.prepare(insert).run(incarnation);
  });
}

/**
 * For writing; a commit is on the disk when it returns (synchronous=FULL, design §4). Changes
 * nothing in a file that turns out not to be ours.
 */
export function openJournalFile(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { defensive: true, timeout: patienceMs });
  database.exec("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF");
  return database;
}

/** What is wrong with the file as a whole, before anything in it is believed. */
export function findFileFault(
  database: DatabaseSync,
  incarnation: string,
): JournalFault | undefined {
  if (numberOf(database, "PRAGMA application_id") !== applicationId) {
    return { code: "journal.unreadable", detail: "this file is not a journal", seq: null };
  }
  const format = numberOf(database, "PRAGMA user_version");
  if (format !== schemaVersion) {
    const who = format > schemaVersion ? "a newer" : "another";
    const detail = `${who} version wrote it (format ${format}; version ${version} reads ${schemaVersion})`;
    return { code: "journal.unsupported", detail, seq: null };
  }
  const named = database.prepare("SELECT incarnation FROM generation").get()?.["incarnation"];
  if (named === incarnation) return undefined;
  const detail = `the file says ${String(named)}, its place says ${incarnation}`;
  return { code: "journal.wrong-incarnation", detail, seq: null };
}

export function numberOf(database: DatabaseSync, query: string): number {
  const value = Object.values(database.prepare(query).get() ?? {})[0];
  return typeof value === "number" ? value : 0;
}

/** Runs `work` in one transaction. What fails for want of space throws `DiskFull`, undone. */
export function inTransaction(database: DatabaseSync, work: () => void): void {
  undoneWhenFull(database, () => {
    database.exec("BEGIN IMMEDIATE");
    work();
    database.exec("COMMIT");
  });
}

/** The same for a part of a transaction that goes on, or for its end. */
export function undoneWhenFull(database: DatabaseSync, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw asDiskFull(error);
  }
}

/** What a full disk threw, as such; anything else as it is. */
export function asDiskFull(error: unknown): unknown {
  return isDiskFull(error) ? new DiskFull("no room for the journal", { cause: error }) : error;
}

/** SQLITE_FULL, and SQLITE_IOERR_SHMSIZE, which is what a full disk gives for the index of the WAL. */
const fullCodes: readonly unknown[] = [13, 4874];

function isDiskFull(error: unknown): boolean {
  return isOutOfRoom(error) || (isSqliteError(error) && fullCodes.includes(error.errcode));
}

export function isSqliteError(error: unknown): error is Error & { readonly errcode: unknown } {
  return error instanceof Error && errorCode(error) === "ERR_SQLITE_ERROR" && "errcode" in error;
}

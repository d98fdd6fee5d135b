import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { assert, err, type Result } from "@gridward/core/base/result";
import { growState } from "@gridward/core/domain/apply";
import { emptyDigest } from "@gridward/core/domain/digest";
import { origin, type Position } from "@gridward/core/domain/entry";
import { makeDirectory, removePath, syncDirectory } from "../os/files.ts";
import type { GenerationBuilder, JournalFault, JournalStore, OpenedJournal } from "./journal.ts";
import type { Version } from "./replay.ts";
import { proveSnapshot, readSnapshot, rowWriter, writeSnapshotPlace } from "./snapshot-rows.ts";
import {
  asDiskFull,
  createJournalFile,
  findFileFault,
  inTransaction,
  isSqliteError,
  openJournalFile,
  undoneWhenFull,
  writeSchema,
} from "./sqlite-file.ts";
import { openSqliteJournal } from "./sqlite-journal.ts";

/** Entries kept beyond the snapshot, so that a partner who was away long needs no first pass. */
const entriesKeptDefault = 1_000_000;

export function generationsDirectory(directory: string): string {
  return join(directory, "generations");
}

/** `DIR/generations/<incarnation>/journal.db`. */
export function journalPath(directory: string, incarnation: string): string {
  assert(/^[0-9A-Za-z-]{1,64}$/.test(incarnation), "an incarnation is a plain name");
  return join(generationsDirectory(directory), incarnation, "journal.db");
}

export interface StoreSettings {
  readonly entriesKept: number;
  /** How a journal file is opened for writing: a test limits its size. */
  readonly openFile: (path: string) => DatabaseSync;
}

const usual: StoreSettings = { entriesKept: entriesKeptDefault, openFile: openJournalFile };

/** The journals of a data directory, each in an SQLite file of its own. */
export function sqliteJournalStore(
  directory: string,
  changes: Partial<StoreSettings> = {},
): JournalStore {
  const settings = { ...usual, ...changes };
  const open = (
    incarnation: string,
    read: SnapshotReader = readSnapshot,
  ): Result<OpenedJournal, JournalFault> =>
    openFile(journalPath(directory, incarnation), incarnation, settings, read);
  return {
    open: (incarnation) => open(incarnation),
    create(incarnation) {
      const database = createGeneration(directory, incarnation, settings);
      finishGeneration(database, { position: origin, digest: emptyDigest }, []);
      const opened = open(incarnation);
      assert(opened.ok, "an empty journal opens");
      return opened.value;
    },
    build: (incarnation) =>
      sqliteBuilder(directory, incarnation, settings, (read) => open(incarnation, read)),
    keepOnly(incarnation) {
      const generations = generationsDirectory(directory);
      if (!existsSync(generations)) return;
      for (const name of readdirSync(generations)) {
        if (name !== incarnation) removePath(join(generations, name));
      }
      syncDirectory(generations);
    },
  };
}

type SnapshotReader = (database: DatabaseSync) => Result<Version, JournalFault>;

function openFile(
  path: string,
  incarnation: string,
  settings: StoreSettings,
  read: SnapshotReader,
): Result<OpenedJournal, JournalFault> {
  if (!existsSync(path)) return err(unreadable(`there is no file ${path}`));
  let database: DatabaseSync | undefined;
  try {
    database = settings.openFile(path);
    const fault = findFileFault(database, incarnation);
    const opened = fault
      ? err(fault)
      : openSqliteJournal(database, incarnation, settings.entriesKept, read(database));
    if (!opened.ok) database.close();
    return opened;
  } catch (error) {
    database?.close();
    if (!isSqliteError(error)) throw error;
    return err(unreadable(error.message));
  }
}

function unreadable(detail: string): JournalFault {
  return { code: "journal.unreadable", detail, seq: null };
}

/** On a full disk it leaves nothing: half a generation would take the room that is missing. */
function createGeneration(
  directory: string,
  incarnation: string,
  settings: StoreSettings,
  pragmas = "",
): DatabaseSync {
  const path = journalPath(directory, incarnation);
  let database: DatabaseSync | undefined;
  try {
    makeDirectory(dirname(path));
    createJournalFile(path);
    database = settings.openFile(path);
    writeSchema(database, incarnation);
    database.exec(pragmas);
    // The file is there after a power cut only when every directory above it is.
    for (const parent of [dirname(path), generationsDirectory(directory), directory]) {
      syncDirectory(parent);
    }
    return database;
  } catch (error) {
    database?.close();
    removePath(dirname(path));
    throw asDiskFull(error);
  }
}

/** From here on the generation is whole; before, opening refuses it. */
function finishGeneration(
  database: DatabaseSync,
  { position, digest }: Pick<Version, "position" | "digest">,
  earlier: readonly Position[],
): void {
  inTransaction(database, () => {
    writeSnapshotPlace(database, position, digest);
    database.prepare("UPDATE generation SET committed = ?").run(position.seq);
    if (position.seq === 0) return;
    const put = "INSERT OR REPLACE INTO terms (term, start, seq, hash) VALUES (?, ?, ?, ?)";
    const putTerm = database.prepare(put);
    for (const { term, start, seq, hash } of [...earlier, position]) {
      putTerm.run(term, start, seq, hash);
    }
  });
  database.close();
}

/** Pages held while a generation is built: its index is written once, not with every piece. */
const buildingCacheKib = 64 * 1024;

/**
 * Rows are durable only with `finish`, and one transaction until then; it reads them back and
 * compares their digest. The state grows with them, while the next rows are on their way.
 */
function sqliteBuilder(
  directory: string,
  incarnation: string,
  settings: StoreSettings,
  open: (read: SnapshotReader) => Result<OpenedJournal, JournalFault>,
): GenerationBuilder {
  // A crash loses the unfinished generation in any case: nothing is written twice, nor synced before
  // the end. A rollback after a full disk needs only the few pages that were there.
  const pragmas = `PRAGMA journal_mode = MEMORY; PRAGMA cache_size = -${buildingCacheKib}`;
  const database = createGeneration(directory, incarnation, settings, pragmas);
  const write = rowWriter(database);
  const state = growState();
  const remove = (): void => removePath(dirname(journalPath(directory, incarnation)));
  return {
    incarnation,
    rows(changes) {
      undoneWhenFull(database, () => {
        if (!database.isTransaction) database.exec("BEGIN IMMEDIATE");
        write(changes);
      });
      state.add(changes);
    },
    finish(position, digest, earlier = []) {
      undoneWhenFull(database, () => {
        if (database.isTransaction) database.exec("COMMIT");
        database.exec("PRAGMA journal_mode = WAL");
      });
      finishGeneration(database, { position, digest }, earlier);
      const opened = open((built) => proveSnapshot(built, state.done()));
      if (!opened.ok) remove();
      return opened;
    },
    abandon() {
      database.close();
      remove();
    },
  };
}

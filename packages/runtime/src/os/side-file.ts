import { closeSync, existsSync, openSync, renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { removePath } from "./files.ts";

/** A small SQLite file beside the journal. Nothing in it may ever keep a server from its work. */
export interface SideFile {
  readonly database: DatabaseSync;
  /** Where an unreadable predecessor was put, null when there was none. */
  readonly keptAside: string | null;
}

export interface SideFileOrder {
  readonly path: string;
  /** Tells this kind of file from others, and its version from others. */
  readonly version: number;
  readonly schema: string;
  readonly synchronous: "NORMAL" | "FULL";
}

/** Opens or makes the file, its owner's only; one that cannot be read is kept under another name. */
export function openSideFile(order: SideFileOrder): SideFile {
  try {
    return { database: openOrMake(order), keptAside: null };
  } catch (error) {
    if (!isUnreadable(error)) throw error; // A full disk is no reason to put good events aside.
    const aside = freeName(`${order.path}.damaged`);
    renameSync(order.path, aside);
    for (const suffix of ["-wal", "-shm"]) removePath(`${order.path}${suffix}`);
    return { database: openOrMake(order), keptAside: aside };
  }
}

function openOrMake({ path, version, schema, synchronous }: SideFileOrder): DatabaseSync {
  closeSync(openSync(path, "a", 0o600));
  const database = new DatabaseSync(path, { defensive: true });
  try {
    const found = Object.values(database.prepare("PRAGMA user_version").get() ?? {})[0];
    if (found === 0) {
      database.exec("PRAGMA journal_mode = WAL");
      database.exec(`BEGIN; ${schema}; PRAGMA user_version = ${version}; COMMIT`);
    } else if (found !== version) {
      throw new ForeignFile(`version ${String(found)} is not ours`);
    }
    database.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA trusted_schema = OFF`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

class ForeignFile extends Error {
  override readonly name = "ForeignFile";
}

/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const damageCodes: readonly unknown[] = [11, 26];

function isUnreadable(error: unknown): boolean {
  if (error instanceof ForeignFile) return true;
  return error instanceof Error && "errcode" in error && damageCodes.includes(error.errcode);
}

function freeName(base: string): string {
  let name = base;
  for (let number = 2; existsSync(name); number++) name = `${base}-${number}`;
  return name;
}

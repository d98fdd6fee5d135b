import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { err, ok, type Result } from "@gridward/core/base/result";
import { utf8 } from "@gridward/core/base/bytes";
import { isOutOfRoom, readFileBounded, removePath, writeFileDurable } from "./files.ts";

/** Held by the one process that may write in a data directory. */
export interface DirectoryLock {
  release(): void;
}

export interface DirectoryInUse {
  /** Process that holds it, null if it has not said so yet. */
  readonly pid: number | null;
}

/** A passing look by `directoryOwner` must not make a start fail. */
const patienceMs = 500;

/** An open database that nobody refers to would be collected, and its lock with it. */
const held = new Set<DatabaseSync>();

/**
 * Takes a data directory for this process. The lock is the kernel's (Node offers it only through
 * SQLite), so it ends with its process however that ends: there is no stale lock to recognise.
 * The file with the process id beside it is for people only.
 */
export function lockDirectory(directory: string): Result<DirectoryLock, DirectoryInUse> {
  const database = new DatabaseSync(join(directory, "lock"), { timeout: patienceMs });
  try {
    // Without a file of its own beside the lock: a full disk must not look like another process.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    return err({ pid: recordedPid(directory) });
  }
  held.add(database);
  const pidFile = join(directory, "pid");
  try {
    writeFileDurable(pidFile, utf8(`${process.pid}\n`));
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
  }
  return ok({
    release() {
      removePath(pidFile);
      held.delete(database);
      database.close();
    },
  });
}

/** SQLITE_BUSY: somebody holds the lock. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 5;
}

/** Whether a process holds the directory, and which. Changes nothing. */
export function directoryOwner(directory: string): DirectoryInUse | undefined {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(join(directory, "lock"), { readOnly: true, timeout: 0 });
  } catch {
    return undefined; // No lock file: nobody ever ran here.
  }
  try {
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return undefined;
  } catch {
    return { pid: recordedPid(directory) };
  } finally {
    database.close();
  }
}

function recordedPid(directory: string): number | null {
  const text = readFileBounded(join(directory, "pid"), 32);
  const pid = text.ok ? Number.parseInt(Buffer.from(text.value).toString("latin1"), 10) : NaN;
  return Number.isSafeInteger(pid) ? pid : null;
}

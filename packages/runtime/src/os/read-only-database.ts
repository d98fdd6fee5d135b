import { copyFileSync, mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { removePath } from "./files.ts";

/**
 * Reads an SQLite file without changing it or anything beside it. A file in use is read as
 * readers do; one at rest is opened as immutable; after a crash the write-ahead log would have to
 * be recovered first, and so a copy is read.
 */
export function readDatabase<Value>(
  path: string,
  isInUse: boolean,
  work: (database: DatabaseSync) => Value,
): Value {
  if (isInUse) return using(new DatabaseSync(path, { readOnly: true }), work);
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  if (log === undefined || log.size === 0) {
    const url = pathToFileURL(path);
    url.searchParams.set("immutable", "1");
    return using(new DatabaseSync(url, { readOnly: true }), work);
  }
  const directory = mkdtempSync(join(tmpdir(), "gridward-copy-"));
  try {
    const copy = join(directory, basename(path));
    copyFileSync(path, copy);
    copyFileSync(`${path}-wal`, `${copy}-wal`);
    return using(new DatabaseSync(copy), work);
  } finally {
    removePath(directory);
  }
}

function using<Value>(database: DatabaseSync, work: (database: DatabaseSync) => Value): Value {
  try {
    return work(database);
  } finally {
    database.close();
  }
}

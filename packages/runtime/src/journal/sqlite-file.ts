import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Position } from "@gridward/core/domain/entry";

/** Version of the tables. A newer one is refused, an older one is brought up when there is one. */
export const schemaVersion = 1;

const tables = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY,
    term INTEGER NOT NULL,
    start INTEGER NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS entries_of_term ON entries (term, seq);
  CREATE TABLE IF NOT EXISTS snapshot_rows (
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    row TEXT NOT NULL,
    PRIMARY KEY (name, key)
  ) STRICT, WITHOUT ROWID;
`;

/** Opens the file. FULL: a commit is on the disk when it returns (design §4). */
export function openDatabase(path: string, { readOnly }: { readonly readOnly: boolean }) {
  const database = new DatabaseSync(path, { readOnly, defensive: true, timeout: 5_000 });
  if (readOnly) return database;
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  return database;
}

export function createTables(database: DatabaseSync, incarnation: string): void {
  database.exec(tables);
  writeMeta(database, "schema", schemaVersion);
  writeMeta(database, "incarnation", incarnation);
}

const count = z.number().int().nonnegative();
const position = z.strictObject({ term: count, start: count, seq: count, hash: z.string() });
const metaShape = {
  schema: count,
  incarnation: z.string(),
  committed: count,
  snapshot: z.strictObject({ position, digest: z.string() }),
};

export interface Meta {
  readonly schema: number | undefined;
  readonly incarnation: string | undefined;
  readonly committed: number;
  readonly snapshot: { readonly position: Position; readonly digest: string } | undefined;
}

/** What a file says of itself; throws where it is no such file or says something impossible. */
export function readMeta(database: DatabaseSync): Meta {
  const values = new Map<string, unknown>();
  for (const row of database.prepare("SELECT key, value FROM meta").iterate()) {
    values.set(String(row["key"]), JSON.parse(String(row["value"])));
  }
  return {
    schema: metaShape.schema.optional().parse(values.get("schema")),
    incarnation: metaShape.incarnation.optional().parse(values.get("incarnation")),
    committed: metaShape.committed.optional().parse(values.get("committed")) ?? 0,
    snapshot: metaShape.snapshot.optional().parse(values.get("snapshot")),
  };
}

export function writeMeta(
  database: DatabaseSync,
  key: keyof typeof metaShape,
  value: unknown,
): void {
  database
    .prepare(
      "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    .run(key, JSON.stringify(value));
}

/** SQLITE_FULL: the disk, or the limit set on the file, has no room. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 13;
}

import type { DatabaseSync } from "node:sqlite";
import { canonical } from "@gridward/core/base/canonical";
import { err, ok, type Result } from "@gridward/core/base/result";
import { loadRows } from "@gridward/core/domain/apply";
import type { Position } from "@gridward/core/domain/entry";
import type { DirectoryState, Table } from "@gridward/core/domain/state";
import { tableNames } from "@gridward/core/domain/tables";
import type { RowChange, TableName } from "@gridward/core/domain/types";
import type { JournalFault } from "./journal.ts";
import type { Version } from "./replay.ts";

const putRow = "INSERT OR REPLACE INTO rows (kind, key, body) VALUES (?, ?, ?)";
const dropRow = "DELETE FROM rows WHERE kind = ? AND key = ?";
const putSnapshot =
  "INSERT OR REPLACE INTO snapshot (id, term, start, seq, hash, digest) VALUES (1, ?, ?, ?, ?, ?)";

/** Writes rows as they came; to be called within a transaction. */
export function writeRows(database: DatabaseSync, changes: Iterable<RowChange>): void {
  const put = database.prepare(putRow);
  const drop = database.prepare(dropRow);
  for (const { table, key, row } of changes) {
    if (row === null) drop.run(table, key);
    else put.run(table, key, canonical(row));
  }
}

/** Names the place at which the rows are the state; to be called within a transaction. */
export function writeSnapshotPlace(
  database: DatabaseSync,
  { term, start, seq, hash }: Position,
  digest: string,
): void {
  database.prepare(putSnapshot).run(term, start, seq, hash, digest);
}

/**
 * What to write so that the rows of `before` become those of `after`. Rows are immutable, so a row
 * that is the same object was not changed: the price of a snapshot is that of what changed.
 */
export function* rowsBetween(
  before: DirectoryState,
  after: DirectoryState,
): Generator<RowChange, void> {
  for (const name of tableNames) yield* tableBetween(name, before, after);
}

function* tableBetween(
  name: TableName,
  { tables: before }: DirectoryState,
  { tables: after }: DirectoryState,
): Generator<RowChange, void> {
  const old: Table<unknown> = before[name];
  const fresh: Table<unknown> = after[name];
  if (old === fresh) return;
  for (const [key, row] of fresh) {
    const change = { table: name, key, row };
    if (old.get(key) !== row && isRowChange(change)) yield change;
  }
  for (const key of old.keys()) if (!fresh.has(key)) yield { table: name, key, row: null };
}

/** The snapshot as it stands in the file; not yet verified against its digest. */
export function readSnapshot(database: DatabaseSync): Result<Version, JournalFault> {
  const found = database.prepare("SELECT term, start, seq, hash, digest FROM snapshot").get();
  if (found === undefined) return err(unreadable("the generation was never finished"));
  const { term, start, seq, hash, digest } = found;
  if (
    typeof term !== "number" ||
    typeof start !== "number" ||
    typeof seq !== "number" ||
    typeof hash !== "string" ||
    typeof digest !== "string"
  ) {
    return err(unreadable("the place of the snapshot is not readable"));
  }
  const changes: RowChange[] = [];
  for (const { kind, key, body } of database
    .prepare("SELECT kind, key, body FROM rows")
    .iterate()) {
    const change = { table: kind, key, row: parseJson(body) };
    if (!isRowChange(change)) return err(unreadable(`row ${String(key)} of ${String(kind)}`));
    changes.push(change);
  }
  return ok({ position: { term, start, seq, hash }, state: loadRows(changes), digest });
}

export function parseJson(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Whether something has the outer form of a row. That its members are those that were written is
 * proved by the digest over all rows, which is compared before the state is used.
 */
function isRowChange(value: {
  readonly table: unknown;
  readonly key: unknown;
  readonly row: unknown;
}): value is RowChange {
  const isTable = tableNames.some((name) => name === value.table);
  return isTable && typeof value.key === "string" && typeof value.row === "object";
}

function unreadable(what: string): JournalFault {
  return { code: "journal.unreadable", detail: what, seq: null };
}

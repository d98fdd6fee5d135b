import type { DatabaseSync } from "node:sqlite";
import { canonical } from "@gridward/core/base/canonical";
import { parseJsonText } from "@gridward/core/base/json";
import { err, ok, type Result } from "@gridward/core/base/result";
import { loadRows } from "@gridward/core/domain/apply";
import { digestOfTexts, type RowText } from "@gridward/core/domain/digest";
import type { Position } from "@gridward/core/domain/entry";
import type { DirectoryState, Table } from "@gridward/core/domain/state";
import { tableNames } from "@gridward/core/domain/tables";
import type { RowChange, TableName } from "@gridward/core/domain/types";
import { sha256 } from "../os/hash.ts";
import type { JournalFault, RowToKeep } from "./journal.ts";
import type { Version } from "./replay.ts";

const putRow = "INSERT OR REPLACE INTO rows (kind, key, body) VALUES (?, ?, ?)";
const dropRow = "DELETE FROM rows WHERE kind = ? AND key = ?";
const putSnapshot =
  "INSERT OR REPLACE INTO snapshot (id, term, start, seq, hash, digest) VALUES (1, ?, ?, ?, ?, ?)";

/** Writes rows as they come; to be called within a transaction. */
export function rowWriter(database: DatabaseSync): (changes: Iterable<RowToKeep>) => void {
  const put = database.prepare(putRow);
  const drop = database.prepare(dropRow);
  return (changes) => {
    for (const { table, key, row, text } of changes) {
      if (row === null) drop.run(table, key);
      else put.run(table, key, text ?? canonical(row));
    }
  };
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

/** The snapshot of the file, verified: the rows as they stand there have its digest. */
export function readSnapshot(database: DatabaseSync): Result<Version, JournalFault> {
  const place = readPlace(database);
  if (!place.ok) return place;
  const { position, digest } = place.value;
  const changes: RowChange[] = [];
  const unreadableRows: string[] = [];
  const found = digestOfTexts(
    readTexts(database, ({ table, key, text }) => {
      const change = { table, key, row: parseJson(text) };
      if (isRowChange(change)) changes.push(change);
      else unreadableRows.push(`${table} ${key}`);
    }),
    sha256,
  );
  if (found !== digest) return err(mismatch(position));
  const [first] = unreadableRows;
  if (first !== undefined) return err(unreadable(`row ${first} of the snapshot`));
  return ok({ position, state: loadRows(changes), digest });
}

/**
 * The same where the state is at hand, made of the rows as they were written: what stands in the
 * file has the digest, so it is those rows.
 */
export function proveSnapshot(
  database: DatabaseSync,
  state: DirectoryState,
): Result<Version, JournalFault> {
  const place = readPlace(database);
  if (!place.ok) return place;
  const { position, digest } = place.value;
  const found = digestOfTexts(
    readTexts(database, () => undefined),
    sha256,
  );
  return found === digest ? ok({ position, state, digest }) : err(mismatch(position));
}

function mismatch({ seq }: Position): JournalFault {
  const detail = `the snapshot at ${seq} does not have its digest`;
  return { code: "journal.digest-mismatch", detail, seq };
}

/** Each row as text, shown to `take` on its way: 50,000 rows are not read twice. */
function* readTexts(database: DatabaseSync, take: (row: RowText) => void): Generator<RowText> {
  const select = database.prepare("SELECT kind, key, body FROM rows");
  select.setReturnArrays(true); // An object for each row takes half as long again.
  for (const { 0: kind, 1: key, 2: body } of select.iterate()) {
    const read = { table: String(kind), key: String(key), text: String(body) };
    take(read);
    yield read;
  }
}

function readPlace(
  database: DatabaseSync,
): Result<Pick<Version, "position" | "digest">, JournalFault> {
  const found = database.prepare("SELECT term, start, seq, hash, digest FROM snapshot").get();
  if (found === undefined) return err(unreadable("the generation was never finished"));
  const { term, start, seq, hash, digest } = found;
  const isWhole =
    typeof term === "number" &&
    typeof start === "number" &&
    typeof seq === "number" &&
    typeof hash === "string" &&
    typeof digest === "string";
  if (!isWhole) return err(unreadable("the place of the snapshot is not readable"));
  return ok({ position: { term, start, seq, hash }, digest });
}

export function parseJson(text: unknown): unknown {
  return typeof text === "string" ? parseJsonText(text) : undefined;
}

/**
 * Whether something has the outer form of a row. That its members are those that were written is
 * proved by the digest over all rows, which is compared before the state is used.
 */
export function isRowChange(value: {
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

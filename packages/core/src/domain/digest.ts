import { type Bytes, decodeHex, encodeHex } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import type { Sha256 } from "../base/digest.ts";
import { assert } from "../base/result.ts";
import type { DirectoryState } from "./state.ts";
import { allRows } from "./tables.ts";
import type { RowChange, Rows, TableName } from "./types.ts";

/**
 * Digest of a state: the sum modulo 2^256 of SHA-256 over each row, so it has no order and is kept
 * up by taking the old row away and adding the new one. 64 lower-case hexadecimal digits.
 */
export type StateDigest = string;

export const emptyDigest: StateDigest = "0".repeat(64);

const digestBytes = 32;

/**
 * From nothing: for a state that was loaded and is to be proved. All tables count. `known` keeps the
 * hash of each row, for whoever proves many states that share theirs.
 */
export function digestOf(
  state: DirectoryState,
  sha256: Sha256,
  known?: WeakMap<object, Bytes>,
): StateDigest {
  const sum = new Uint8Array(digestBytes);
  for (const change of allRows(state)) {
    const before = change.row === null ? undefined : known?.get(change.row);
    const hash = before ?? rowHash(change, sha256);
    if (change.row !== null) known?.set(change.row, hash);
    add(sum, hash);
  }
  return encodeHex(sum);
}

/** As `digestOf`, from rows whose canonical text is at hand, as a snapshot on disk keeps them. */
export function digestOfTexts(rows: Iterable<RowText>, sha256: Sha256): StateDigest {
  const sum = new Uint8Array(digestBytes);
  for (const row of rows) add(sum, textHash(row, sha256));
  return encodeHex(sum);
}

/** The digest after `changes`, given the state before them. The last change of a row counts. */
export function digestAfter(
  digest: StateDigest,
  before: DirectoryState,
  changes: Iterable<RowChange>,
  sha256: Sha256,
): StateDigest {
  const last = new Map<string, RowChange>();
  for (const change of changes) last.set(`${change.table} ${change.key}`, change);
  const sum = fromHex(digest);
  for (const { table, key, row } of last.values()) {
    const old = before.tables[table].get(key);
    if (old !== undefined) subtract(sum, rowHash({ table, key, row: old }, sha256));
    if (row !== null) add(sum, rowHash({ table, key, row }, sha256));
  }
  return encodeHex(sum);
}

function rowHash({ table, key, row }: RowInPlace, sha256: Sha256): Bytes {
  return textHash({ table, key, text: canonical(row) }, sha256);
}

/** SHA-256 of the canonical form of `[table, key, row]`. */
function textHash({ table, key, text }: RowText, sha256: Sha256): Bytes {
  return sha256(`[${canonical(table)},${canonical(key)},${text}]`);
}

export interface RowText {
  readonly table: string;
  readonly key: string;
  readonly text: string;
}

interface RowInPlace {
  readonly table: TableName;
  readonly key: string;
  readonly row: Rows[TableName] | null;
}

/** Both are read as big-endian numbers. */
function add(sum: Uint8Array, hash: Bytes): void {
  let carry = 0;
  for (let index = sum.length - 1; index >= 0; index--) {
    const total = (sum[index] ?? 0) + (hash[index] ?? 0) + carry;
    sum[index] = total; // A Uint8Array keeps the low 8 bits.
    carry = total >> 8;
  }
}

function subtract(sum: Uint8Array, hash: Bytes): void {
  let borrow = 0;
  for (let index = sum.length - 1; index >= 0; index--) {
    const total = (sum[index] ?? 0) - (hash[index] ?? 0) - borrow;
    sum[index] = total;
    borrow = total < 0 ? 1 : 0;
  }
}

function fromHex(digest: StateDigest): Uint8Array {
  const sum = decodeHex(digest);
  assert(sum.ok && sum.value.length === digestBytes, "a state digest is 64 hexadecimal digits");
  return sum.value;
}

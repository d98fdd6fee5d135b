import { utf8, type Bytes } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import type { Sha256 } from "../base/digest.ts";
import type { DirectoryState } from "./state.ts";
import { allRows } from "./tables.ts";
import type { RowChange, Rows, TableName } from "./types.ts";

/**
 * Digest of a state: the sum modulo 2^256 of SHA-256 over each row, so it has no order and is kept
 * up by taking the old row away and adding the new one. 64 lower-case hexadecimal digits.
 */
export type StateDigest = string;

export const emptyDigest: StateDigest = "0".repeat(64);

const limbs = 8;

/** From nothing: for a state that was loaded and is to be proved. All tables count. */
export function digestOf(state: DirectoryState, sha256: Sha256): StateDigest {
  const sum = new Uint32Array(limbs);
  for (const change of allRows(state)) add(sum, rowHash(change, sha256));
  return toHex(sum);
}

/** As `digestOf`, from rows whose canonical text is at hand, as a snapshot on disk keeps them. */
export function digestOfTexts(rows: Iterable<RowText>, sha256: Sha256): StateDigest {
  const sum = new Uint32Array(limbs);
  for (const row of rows) add(sum, textHash(row, sha256));
  return toHex(sum);
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
  return toHex(sum);
}

function rowHash({ table, key, row }: RowInPlace, sha256: Sha256): Bytes {
  return textHash({ table, key, text: canonical(row) }, sha256);
}

/** SHA-256 of the canonical form of `[table, key, row]`. */
function textHash({ table, key, text }: RowText, sha256: Sha256): Bytes {
  return sha256(utf8(`[${canonical(table)},${canonical(key)},${text}]`));
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

/** Limb 0 is the least significant 32 bits; a hash is read as a big-endian number. */
function limbOf(hash: DataView, index: number): number {
  return hash.getUint32(4 * (limbs - 1 - index));
}

function viewOf(hash: Bytes): DataView {
  return new DataView(hash.buffer, hash.byteOffset, hash.byteLength);
}

function add(sum: Uint32Array, hash: Bytes): void {
  const view = viewOf(hash);
  let carry = 0;
  for (let index = 0; index < limbs; index++) {
    const total = (sum[index] ?? 0) + limbOf(view, index) + carry;
    sum[index] = total; // A Uint32Array keeps the low 32 bits.
    carry = total >= 2 ** 32 ? 1 : 0;
  }
}

function subtract(sum: Uint32Array, hash: Bytes): void {
  const view = viewOf(hash);
  let borrow = 0;
  for (let index = 0; index < limbs; index++) {
    const total = (sum[index] ?? 0) - limbOf(view, index) - borrow;
    sum[index] = total;
    borrow = total < 0 ? 1 : 0;
  }
}

function toHex(sum: Uint32Array): StateDigest {
  let text = "";
  for (const limb of sum) text = limb.toString(16).padStart(8, "0") + text;
  return text;
}

function fromHex(digest: StateDigest): Uint32Array {
  const sum = new Uint32Array(limbs);
  for (let index = 0; index < limbs; index++) {
    const start = 8 * (limbs - 1 - index);
    sum[index] = Number.parseInt(digest.slice(start, start + 8), 16);
  }
  return sum;
}

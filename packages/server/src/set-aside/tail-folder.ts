import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import type { Bytes } from "@gridward/core/base/bytes";
import type { NodeId } from "@gridward/core/base/identity";
import { assert, err, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import type { Entry, Position } from "@gridward/core/domain/entry";
import type { Tail as LeftTail } from "@gridward/core/domain/pair/event";
import { DiskFull } from "@gridward/runtime/journal/journal";
import { listDirectory } from "@gridward/runtime/os/directory";
import {
  isOutOfRoom,
  makeDirectory,
  readFileBounded,
  syncDirectory,
  writeFileAtomic,
} from "@gridward/runtime/os/files";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { encodeTail, readTail, type Tail, type TailLine } from "./tail-file.ts";
import type { SetAsideMark } from "@gridward/core/domain/types";

/** A long tail is several files, so that each can be read whole. */
const entriesPerFile = 1_000;
const bytesPerFile = 4 * 1_024 * 1_024;

/** One entry may be as large as a frame, and is on its own then. */
const fileBytesMost = 4 * bytesPerFile;

export interface TailAuthor {
  readonly system: string;
  readonly node: NodeId;
  readonly name: string;
  readonly pairingKey: KeyObject;
  readonly at: Instant;
}

/** What of a journal is set aside. */
export interface TailSource {
  readonly read: (seq: number, limit: number) => readonly Entry[];
  readonly terms: () => readonly Position[];
}

function tailFolder(directory: string): string {
  return join(directory, "divergent");
}

/**
 * R10: every entry after the fork is in a file, fsynced and read back, when this returns; what is
 * set aside already stays as it was written first, when more was known of who was told of it.
 */
export function setTailAside(
  directory: string,
  source: TailSource,
  tail: LeftTail,
  author: TailAuthor,
): void {
  const folder = tailFolder(directory);
  makeDirectory(folder);
  syncDirectory(directory);
  const [last] = tail.after.seq > 0 ? source.read(tail.after.seq, 1) : [];
  const { pairingKey, ...by } = author;
  const about = {
    format: "gridward-set-aside/1",
    ...by,
    pairingKey: pairingKeyText(pairingKey),
    fork: tail.after,
    forkedAt: last?.seq === tail.after.seq ? last.at : 0,
    ours: source.terms(),
    theirs: tail.theirs,
  } as const;
  for (const { after, lines } of piecesOf(source, tail)) {
    keepFile(folder, { header: { ...about, after }, lines }, pairingKey);
  }
}

function* piecesOf(
  source: TailSource,
  { after: fork, upTo, acknowledged, rest }: LeftTail,
): Generator<{ readonly after: Position; readonly lines: readonly TailLine[] }> {
  let after: Position | undefined;
  let lines: TailLine[] = [];
  let bytes = 0;
  for (let seq = fork.seq + 1; seq <= upTo.seq;) {
    const entries = source.read(seq, Math.min(entriesPerFile, upTo.seq - seq + 1));
    for (const entry of entries) {
      after ??= placeBefore(entry, fork);
      const mark: SetAsideMark = entry.seq <= acknowledged ? "acknowledged" : rest;
      lines.push({ mark, entry });
      bytes += JSON.stringify(entry).length;
      if (lines.length < entriesPerFile && bytes < bytesPerFile) continue;
      yield { after, lines };
      after = placeOf(entry);
      lines = [];
      bytes = 0;
    }
    const last = entries.at(-1);
    if (last === undefined) break;
    seq = last.seq + 1;
  }
  if (after !== undefined && lines.length > 0) yield { after, lines };
}

/** A journal may begin after the fork: what was before its first entry nobody has any more. */
function placeBefore(entry: Entry, fork: Position): Position {
  if (entry.seq === fork.seq + 1) return fork;
  return { ...placeOf(entry), seq: entry.seq - 1, hash: entry.prev };
}

function placeOf({ term, start, seq, hash }: Entry): Position {
  return { term, start, seq, hash };
}

function keepFile(folder: string, tail: Tail, pairingKey: KeyObject): void {
  const path = join(folder, nameOf(tail));
  if (readTailFile(path).ok) return;
  const bytes = encodeTail(tail, pairingKey);
  try {
    writeFileAtomic(path, bytes);
  } catch (error) {
    // Nothing was cut: the pair's rules know what a full disk means.
    if (isOutOfRoom(error)) throw new DiskFull("no room for the tail");
    throw error;
  }
  const back = readFileBounded(path, fileBytesMost);
  assert(back.ok && isSame(back.value, bytes), "the tail reads back as it was written");
  assert(readTail(back.value).ok, "the tail that was written verifies");
}

function isSame(left: Bytes, right: Bytes): boolean {
  return Buffer.compare(left, right) === 0;
}

/** The same tail has the same name, whenever it is written. */
function nameOf({ header, lines }: Tail): string {
  const last = lines.at(-1)?.entry;
  assert(last !== undefined, "a file of a tail holds an entry");
  const { node, after } = header;
  return `${node}-t${last.term}-${after.seq + 1}-${last.seq}-${last.hash.slice(0, 12)}.tail`;
}

/** The files of a data directory, oldest name first. */
export function listTails(directory: string): readonly string[] {
  const folder = tailFolder(directory);
  return listDirectory(folder)
    .filter((name) => name.endsWith(".tail"))
    .map((name) => join(folder, name));
}

export function readTailFile(path: string): Result<Tail, string> {
  const bytes = readFileBounded(path, fileBytesMost);
  return bytes.ok ? readTail(bytes.value) : err(bytes.error);
}

import { sign, verify, type KeyObject } from "node:crypto";
import { z } from "zod";
import { type Bytes, decodeUtf8, encodeHex, utf8 } from "@gridward/core/base/bytes";
import { canonical } from "@gridward/core/base/canonical";
import { parseJsonText } from "@gridward/core/base/json";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Entry, Position } from "@gridward/core/domain/entry";
import { entryHash } from "@gridward/core/domain/entry-hash";
import { parseEntry } from "@gridward/core/domain/parse-entry";
import { sha256 } from "@gridward/runtime/os/hash";
import { pairingKeyFromText } from "@gridward/runtime/trust/x509/keys";
import type { SetAsideMark } from "@gridward/core/domain/types";

/**
 * A set-aside file: what a server held beyond the fork, as text, a line for each thing. The first
 * line is the header, then one for each entry, then the signature. Each line's `chain` covers all
 * before it, and the last one is signed with the pairing key of the server that wrote the file.
 */
export interface TailHeader {
  readonly format: "gridward-set-aside/1";
  readonly system: string;
  /** Server that wrote the file, its name, and its pairing key. */
  readonly node: string;
  readonly name: string;
  readonly pairingKey: string;
  readonly at: number;
  /** The last change that both histories share, and when it was made; 0 where nobody knows. */
  readonly fork: Position;
  readonly forkedAt: number;
  /** The change before the first of this file: the fork, or the last of the file before. */
  readonly after: Position;
  /** Ends of the terms of either history. */
  readonly ours: readonly Position[];
  readonly theirs: readonly Position[];
}

export interface TailLine {
  readonly mark: SetAsideMark;
  readonly entry: Entry;
}

export interface Tail {
  readonly header: TailHeader;
  readonly lines: readonly TailLine[];
}

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const whole = z.int().nonnegative();
const position = z.strictObject({ term: whole, start: whole, seq: whole, hash });
const positions = z.array(position).max(10_000);

const headerShape = z.strictObject({
  format: z.literal("gridward-set-aside/1"),
  system: z.string().max(64),
  node: z.string().min(1).max(64),
  name: z.string().max(64),
  pairingKey: z.string().max(64),
  at: whole,
  fork: position,
  forkedAt: whole,
  after: position,
  ours: positions,
  theirs: positions,
  chain: hash,
}) satisfies z.ZodType<TailHeader>;

const lineShape = z.strictObject({
  mark: z.enum(["acknowledged", "not acknowledged", "unknown"]),
  entry: z.unknown(),
  chain: hash,
});

// 64 bytes leave four bits of the last letter unused: they are zero.
const signed64 = z.string().regex(/^[\w-]{85}[AQgw]$/);
const endShape = z.strictObject({ entries: whole, signature: signed64 });

export function encodeTail({ header, lines }: Tail, pairingKey: KeyObject): Bytes {
  let chain = chainAfter("", header);
  const texts = [canonical({ ...header, chain })];
  for (const line of lines) {
    chain = chainAfter(chain, line);
    texts.push(canonical({ ...line, chain }));
  }
  const signature = sign(null, signedBytes(chain), pairingKey).toString("base64url");
  texts.push(canonical({ entries: lines.length, signature }));
  return utf8(`${texts.join("\n")}\n`);
}

function chainAfter(before: string, line: object): string {
  return encodeHex(sha256(utf8(`${before}\n${canonical(line)}`)));
}

function signedBytes(chain: string): Bytes {
  return utf8(`gridward-set-aside/1\n${chain}`);
}

/**
 * Reads such a file and proves it: every line is covered by the chain, every entry is what its hash
 * says and follows the one before, and the server named in the header signed the whole. The error
 * says what is wrong. Never throws.
 */
export function readTail(bytes: Bytes): Result<Tail, string> {
  const text = decodeUtf8(bytes);
  if (!text.ok) return err("it is not text");
  const [first = "", ...rest] = text.value.split("\n");
  const end = endShape.safeParse(parseJsonText(rest.at(-2) ?? ""));
  if (rest.at(-1) !== "" || !end.success) return err("it has no end: it was cut short");
  const begun = readHeader(first);
  if (!begun.ok) return begun;
  const { header, chain: start } = begun.value;
  const lines: TailLine[] = [];
  let chain = start;
  let before = header.after;
  for (const [index, each] of rest.slice(0, -2).entries()) {
    const read = readLine(each, chain, before);
    if (!read.ok) return err(`line ${index + 2}: ${read.error}`);
    ({ chain } = read.value);
    before = read.value.line.entry;
    lines.push(read.value.line);
  }
  if (end.data.entries !== lines.length) return err("lines are missing");
  if (!isSigned(header, chain, end.data.signature)) return err("the signature is wrong");
  // JSON has several texts for a value: a signed file has the one that was written.
  return rest.at(-2) === canonical(end.data) ? ok({ header, lines }) : err("the end was changed");
}

function isSigned(header: TailHeader, chain: string, text: string): boolean {
  const key = pairingKeyFromText(header.pairingKey);
  return key !== undefined && verify(null, signedBytes(chain), key, Buffer.from(text, "base64url"));
}

function readHeader(
  text: string,
): Result<{ readonly header: TailHeader; readonly chain: string }, string> {
  const parsed = headerShape.safeParse(parseJsonText(text));
  if (!parsed.success) return err("it has no header of a set-aside file");
  const { chain, ...header } = parsed.data;
  const isOurs = chain === chainAfter("", header) && text === canonical(parsed.data);
  return isOurs ? ok({ header, chain }) : err("the header was changed");
}

function readLine(
  text: string,
  before: string,
  previous: Position,
): Result<{ readonly line: TailLine; readonly chain: string }, string> {
  const parsed = lineShape.safeParse(parseJsonText(text));
  if (!parsed.success) return err("it is no entry with its mark");
  const { mark, chain } = parsed.data;
  const entry = parseEntry(parsed.data.entry);
  if (!entry.ok) return entry;
  const line = { mark, entry: entry.value };
  const isOurs = chain === chainAfter(before, line) && text === canonical({ ...line, chain });
  if (!isOurs) return err("it was changed");
  const { prev, seq } = entry.value;
  const isNext = seq === previous.seq + 1 && prev === previous.hash;
  const isItself = entryHash(entry.value, sha256) === entry.value.hash;
  return isNext && isItself ? ok({ line, chain }) : err(`entry ${seq} is not in its place`);
}

import * as fc from "fast-check";
import { concat, type Bytes } from "@gridward/core/base/bytes";
import { encodeBer } from "@gridward/core/codec/ber";

/** One element of a DER structure, taken apart as far as it is made of others. */
interface Element {
  readonly tag: number;
  readonly content: Bytes;
  readonly children: readonly Element[] | null;
}

const constructed = 0x20;

/** Undefined where the bytes are not whole elements of definite length. */
function takeApart(bytes: Bytes): readonly Element[] | undefined {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const [tag = 0, first = 0] = bytes.subarray(at, at + 2);
    const octets = first < 0x80 ? 0 : first & 0x7f;
    const long = bytes.subarray(at + 2, at + 2 + octets);
    const length = octets === 0 ? first : long.reduce((sum, octet) => sum * 256 + octet, 0);
    const start = at + 2 + octets;
    if (first === 0x80 || octets > 3 || start + length > bytes.length) return undefined;
    const content = bytes.subarray(start, start + length);
    const children = (tag & constructed) === 0 ? undefined : takeApart(content);
    found.push({ tag, content, children: children ?? null });
    at = start + length;
  }
  return found;
}

/** The same structure with one element of it, counted from outside, made another; lengths fit. */
function replaceElement(bytes: Bytes, place: number, by: Bytes): Bytes {
  let left = place;
  const write = (elements: readonly Element[]): Bytes =>
    concat(
      elements.map(({ tag, content, children }) => {
        if (left-- === 0) return by;
        return encodeBer(tag, children === null ? content : write(children));
      }),
    );
  return write(takeApart(bytes) ?? []);
}

function countElements(elements: readonly Element[]): number {
  return elements.reduce((sum, { children }) => sum + 1 + countElements(children ?? []), 0);
}

const manyBytes = 60_000;

function filled(tag: number, octet: number, length = manyBytes): Bytes {
  return encodeBer(tag, new Uint8Array(length).fill(octet));
}

function nested(depth: number, tag: number): Bytes {
  let bytes: Bytes = new Uint8Array();
  for (let count = 0; count < depth; count++) bytes = encodeBer(tag, bytes);
  return bytes;
}

/** Elements that readers of ASN.1 are known to stumble over. */
const cruelElements: readonly Bytes[] = [
  // An object identifier of one arc without end, of one with 8 × 60,000 digits, of 60,000 arcs.
  filled(0x06, 0x81),
  encodeBer(0x06, new Uint8Array(manyBytes).fill(0xff, 0, manyBytes - 1)),
  filled(0x06, 0x01),
  filled(0x02, 0xff),
  filled(0x02, 0x7f),
  filled(0x03, 0x07),
  filled(0x03, 0xff, 3),
  filled(0x0c, 0xff),
  filled(0x0c, 0x61),
  filled(0x13, 0x00),
  filled(0x17, 0x39),
  filled(0x18, 0x39),
  filled(0x09, 0x03, 40),
  filled(0x01, 0x00, 0),
  filled(0x02, 0x00, 0),
  filled(0x17, 0x00, 0),
  nested(5_000, 0x30),
  nested(5_000, 0xa0),
  nested(5_000, 0x24),
  encodeBer(0x30, new Uint8Array(manyBytes).fill(0x05)),
  encodeBer(0x31, concat(Array.from({ length: 12_000 }, () => Uint8Array.of(0x30, 0x00)))),
  Uint8Array.of(0x30, 0x80),
  Uint8Array.of(0x04, 0x84, 0x7f, 0xff, 0xff, 0xff),
  Uint8Array.of(0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  Uint8Array.of(0x3f, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x00),
  new Uint8Array(),
];

/** Whole inputs of the same kind. */
export const cruelInputs: readonly Bytes[] = [
  ...cruelElements,
  new Uint8Array(manyBytes).fill(0x30),
  concat(Array.from({ length: 30_000 }, () => Uint8Array.of(0x30, 0x80))),
  new TextEncoder().encode("-----BEGIN CERTIFICATE-----\n".repeat(2_000)),
  new TextEncoder().encode(`-----BEGIN X509 CRL-----\n${" ".repeat(manyBytes)}`),
];

/** Damaged in its bytes: some are others, some are gone, some come twice, the end is missing. */
function damaged(seed: Bytes): fc.Arbitrary<Bytes> {
  const place = fc.nat(Math.max(0, seed.length - 1));
  const octet = fc.tuple(place, fc.nat(255));
  const part = fc.tuple(place, fc.nat(64));
  return fc
    .record({
      octets: fc.array(octet, { maxLength: 6 }),
      gone: fc.option(part, { freq: 3 }),
      twice: fc.option(part, { freq: 3 }),
      end: fc.option(place, { freq: 3 }),
    })
    .map(({ octets, gone, twice, end }) => {
      let bytes: Bytes = Uint8Array.from(seed);
      for (const [at, value] of octets) bytes[at] = value;
      if (gone !== null) {
        const [at, length] = gone;
        bytes = concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
      }
      if (twice !== null) {
        const [at, length] = twice;
        bytes = concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
      }
      return end === null ? bytes : bytes.subarray(0, end);
    });
}

/** Sound outside, with another element somewhere inside, all lengths as they must be. */
function rebuilt(seed: Bytes, others: readonly Bytes[]): fc.Arbitrary<Bytes> {
  const elements = countElements(takeApart(seed) ?? []);
  if (elements === 0) return damaged(seed);
  const by = fc.oneof(
    fc.constantFrom(...cruelElements),
    fc.constantFrom(...others),
    fc.uint8Array({ maxLength: 40 }),
  );
  return fc
    .tuple(fc.nat(elements - 1), by)
    .map(([place, element]) => replaceElement(seed, place, element));
}

/** Anything that comes to a border where something like the seeds is awaited. */
export function hostileBytes(seeds: readonly Bytes[]): fc.Arbitrary<Bytes> {
  const changed = seeds.flatMap((seed) => [damaged(seed), rebuilt(seed, seeds)]);
  return fc.oneof(fc.uint8Array({ maxLength: 2_000 }), ...changed);
}

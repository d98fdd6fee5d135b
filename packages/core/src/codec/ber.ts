import { type Bytes, decodeUtf8 } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";

/**
 * The subset of X.690 BER that LDAP allows (RFC 4511 §5.1): definite lengths, single-octet tags,
 * strings in primitive form. What an element means is the caller's business.
 */
export interface BerElement {
  /** The bytes that were decoded; the content of this element is `start..end` of them. */
  readonly bytes: Bytes;
  /** Class, constructed bit and number in one octet, as on the wire. */
  readonly tag: number;
  readonly start: number;
  readonly end: number;
  /** Empty for a primitive element. */
  readonly children: readonly BerElement[];
}

export type BerRefusal =
  | "truncated"
  | "long tag"
  | "indefinite length"
  | "length too large"
  | "nested too deeply"
  | "too many elements"
  | "octets after the end";

/** Deep enough for a filter at its own limit, shallow enough for any stack. */
export const berDepthMax = 32;
/** A search for 4,000 names fits; a megabyte of empty elements does not. */
export const berElementsMax = 16_384;
/** The longest content we read, in octets. */
export const berContentMax = 1_048_576;

export const berTags = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
} as const;

const constructedBit = 0x20;
const longTag = 0x1f;
const longLength = 0x80;
const lengthOctetsMax = 4;

/** Decodes exactly one element with everything inside it. */
export function decodeBer(bytes: Bytes): Result<BerElement, BerRefusal> {
  const element = decodeElement({ bytes, elementsLeft: berElementsMax }, 0, bytes.length, 1);
  if (element.ok && element.value.end !== bytes.length) return err("octets after the end");
  return element;
}

export interface BerHeader {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Tag and length of the element at `offset`; "truncated" means that more bytes may complete the
 * header. The content itself may still be missing, so that a stream can be cut by headers alone.
 */
export function decodeBerHeader(bytes: Bytes, offset: number): Result<BerHeader, BerRefusal> {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined) return err("truncated");
  if ((tag & longTag) === longTag) return err("long tag");
  if (first === undefined) return err("truncated");
  if (first < longLength) return ok({ tag, start: offset + 2, end: offset + 2 + first });
  if (first === longLength) return err("indefinite length");
  const octets = first - longLength;
  if (octets > lengthOctetsMax) return err("length too large");
  let length = 0;
  for (let index = 0; index < octets; index++) {
    const octet = bytes[offset + 2 + index];
    if (octet === undefined) return err("truncated");
    length = length * 256 + octet;
  }
  if (length > berContentMax) return err("length too large");
  const start = offset + 2 + octets;
  return ok({ tag, start, end: start + length });
}

interface Walk {
  readonly bytes: Bytes;
  elementsLeft: number;
}

function decodeElement(
  walk: Walk,
  offset: number,
  limit: number,
  depth: number,
): Result<BerElement, BerRefusal> {
  if (depth > berDepthMax) return err("nested too deeply");
  if (walk.elementsLeft-- === 0) return err("too many elements");
  const header = decodeBerHeader(walk.bytes, offset);
  if (!header.ok) return header;
  const { tag, start, end } = header.value;
  if (end > limit) return err("truncated");
  const children: BerElement[] = [];
  if ((tag & constructedBit) !== 0) {
    let next = start;
    while (next < end) {
      const child = decodeElement(walk, next, end, depth + 1);
      if (!child.ok) return child;
      children.push(child.value);
      next = child.value.end; // Ends: a child is at least two octets long.
    }
  }
  return ok({ bytes: walk.bytes, tag, start, end, children });
}

/** The content octets, not copied; undefined when the element is missing or another one. */
export function contentOf(element: BerElement | undefined, tag: number): Bytes | undefined {
  if (element?.tag !== tag) return undefined;
  return element.bytes.subarray(element.start, element.end);
}

/** UTF-8 content as text; undefined when the element is missing, another one, or not UTF-8. */
export function textOf(element: BerElement | undefined, tag: number): string | undefined {
  if (element?.tag !== tag) return undefined;
  let text = "";
  for (let index = element.start; index < element.end; index++) {
    const octet = element.bytes[index] ?? longLength;
    if (octet >= longLength) {
      const decoded = decodeUtf8(element.bytes.subarray(element.start, element.end));
      return decoded.ok ? decoded.value : undefined;
    }
    text += String.fromCharCode(octet); // Names are short and ASCII: ten times TextDecoder's pace.
  }
  return text;
}

/** Two's complement of one to four octets, which holds every number of LDAP. */
export function integerOf(element: BerElement | undefined, tag: number): number | undefined {
  if (element?.tag !== tag) return undefined;
  const length = element.end - element.start;
  if (length < 1 || length > 4) return undefined;
  let value = ((element.bytes[element.start] ?? 0) << 24) >> 24;
  for (let index = element.start + 1; index < element.end; index++) {
    value = value * 256 + (element.bytes[index] ?? 0);
  }
  return value;
}

/** X.690 §8.2.2: every octet but zero is true. */
export function booleanOf(element: BerElement | undefined, tag: number): boolean | undefined {
  if (element?.tag !== tag || element.end - element.start !== 1) return undefined;
  return element.bytes[element.start] !== 0;
}

/** One element from its parts, in one chunk, with the shortest length (X.690 §10.1). */
export function encodeBer(tag: number, ...parts: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const lengthSize = lengthOctets(length);
  const whole = new Uint8Array(1 + lengthSize + length);
  whole[0] = tag;
  if (lengthSize === 1) whole[1] = length;
  else whole[1] = longLength + lengthSize - 1;
  for (let index = 1; index < lengthSize; index++) {
    whole[1 + index] = length >>> (8 * (lengthSize - 1 - index));
  }
  let offset = 1 + lengthSize;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function lengthOctets(length: number): number {
  if (length < 128) return 1;
  if (length < 256) return 2;
  return length < 65_536 ? 3 : 4;
}

/** A 32-bit integer in the fewest octets (X.690 §8.3.2). */
export function encodeBerInteger(tag: number, value: number): Uint8Array<ArrayBuffer> {
  let octets = 1;
  while (octets < 4 && value >> (8 * octets - 1) !== value >> 31) octets++;
  const content = new Uint8Array(octets);
  for (let index = 0; index < octets; index++) {
    content[index] = value >> (8 * (octets - 1 - index));
  }
  return encodeBer(tag, content);
}

export function encodeBerBoolean(tag: number, value: boolean): Uint8Array<ArrayBuffer> {
  return encodeBer(tag, Uint8Array.of(value ? 0xff : 0));
}

import { err, ok, type Result } from "./result.ts";

/** Bytes and their text forms. Every decoder answers with a result and never throws. */
export type Bytes = Uint8Array<ArrayBufferLike>;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** The two digits of each byte, and the value of each digit's character code. */
const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const hexValues = new Uint8Array(128);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  hexValues[digit.charCodeAt(0)] = value;
  hexValues[digit.toUpperCase().charCodeAt(0)] = value;
}

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

export function decodeUtf8(bytes: Bytes): Result<string, "not UTF-8"> {
  try {
    return ok(strictDecoder.decode(bytes));
  } catch {
    return err("not UTF-8");
  }
}

export function encodeHex(bytes: Bytes): string {
  let text = "";
  for (const byte of bytes) text += hexPairs[byte] ?? "";
  return text;
}

export function decodeHex(text: string): Result<Uint8Array<ArrayBuffer>, "not hexadecimal"> {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return err("not hexadecimal");
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    const high = hexValues[text.charCodeAt(index * 2)] ?? 0;
    bytes[index] = (high << 4) | (hexValues[text.charCodeAt(index * 2 + 1)] ?? 0);
  }
  return ok(bytes);
}

export function concat(parts: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Length-prefixed concatenation: no two lists of parts give the same bytes. */
export function lengthPrefixed(parts: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += 4 + part.length;
  const whole = new Uint8Array(length);
  const view = new DataView(whole.buffer);
  let offset = 0;
  for (const part of parts) {
    view.setUint32(offset, part.length);
    whole.set(part, offset + 4);
    offset += 4 + part.length;
  }
  return whole;
}

export function sameBytes(left: Bytes, right: Bytes): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

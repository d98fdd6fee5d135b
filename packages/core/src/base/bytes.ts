import { err, ok, type Result } from "./result.ts";

/** Bytes and their text forms. Every decoder answers with a result and never throws. */
export type Bytes = Uint8Array<ArrayBufferLike>;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const hexDigits = "0123456789abcdef";

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
  for (const byte of bytes) text += hexDigits.charAt(byte >> 4) + hexDigits.charAt(byte & 15);
  return text;
}

export function decodeHex(text: string): Result<Uint8Array<ArrayBuffer>, "not hexadecimal"> {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return err("not hexadecimal");
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
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
  const pieces: Bytes[] = [];
  for (const part of parts) {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, part.length);
    pieces.push(length, part);
  }
  return concat(pieces);
}

export function sameBytes(left: Bytes, right: Bytes): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

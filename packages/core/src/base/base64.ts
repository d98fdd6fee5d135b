import { err, ok, type Result } from "./result.ts";
import type { Bytes } from "./bytes.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const values = new Map(Array.from(alphabet, (letter, value) => [letter, value]));

/** RFC 4648 §4, with padding. */
export function encodeBase64(bytes: Bytes): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const [first = 0, second, third] = bytes.subarray(index, index + 3);
    const triple = (first << 16) | ((second ?? 0) << 8) | (third ?? 0);
    const letters = [18, 12, 6, 0].map((shift) => alphabet[(triple >> shift) & 63] ?? "");
    const kept = second === undefined ? 2 : 3;
    text += third === undefined ? letters.slice(0, kept).join("").padEnd(4, "=") : letters.join("");
  }
  return text;
}

/** Padding may be left out; anything else that is no base64 is refused. */
export function decodeBase64(text: string): Result<Uint8Array<ArrayBuffer>, "not base64"> {
  const letters = text.replace(/={0,2}$/, "");
  if (letters.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(letters)) return err("not base64");
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4));
  let buffer = 0;
  let bits = 0;
  let length = 0;
  for (const letter of letters) {
    buffer = ((buffer << 6) | (values.get(letter) ?? 0)) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = (buffer >> bits) & 0xff;
  }
  return ok(bytes);
}

import { encodeHex, type Bytes } from "@gridward/core/base/bytes";

/** Digits of Crockford's base 32: no I, L, O, U, so a text can be read out over the telephone. */
const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const textLength = 26;

/** The first 128 bits as 26 digits: the form of ids and one-time codes. */
export function spellCrockford(bytes: Bytes): string {
  let value = BigInt(`0x${encodeHex(bytes.subarray(0, 16))}`);
  let text = "";
  for (let digit = 0; digit < textLength; digit++) {
    text = digits.charAt(Number(value & 31n)) + text;
    value >>= 5n;
  }
  return text;
}

import type { Bytes } from "../base/bytes.ts";

/** Crockford's base 32: no I, L, O, U, so a text can be read out and typed in. */
const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export function encodeBase32(bytes: Bytes): string {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += digits.charAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + digits.charAt((held << (5 - bits)) & 31);
}

/** Undefined for another character, and for bits left over that are not zero. */
export function decodeBase32(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let held = 0;
  let bits = 0;
  let length = 0;
  for (const character of text) {
    const digit = digits.indexOf(character);
    if (digit < 0) return undefined;
    held = (held << 5) | digit;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = held >> bits;
    held &= (1 << bits) - 1;
  }
  return held === 0 && bits < 5 ? bytes : undefined;
}

/** What a person typed: case, spaces, hyphens, O for 0 and I or L for 1 do not matter. */
export function plainBase32(text: string): string {
  return text.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
}

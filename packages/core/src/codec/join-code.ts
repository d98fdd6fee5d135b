import { concat, decodeUtf8, utf8, type Bytes } from "../base/bytes.ts";
import type { Sha256 } from "../base/digest.ts";
import { err, ok, type Result } from "../base/result.ts";

/**
 * What a join code carries (design §6): where the Main is, how to know it before anything is sent,
 * and the secret that admits one server once.
 */
export interface JoinCode {
  readonly address: string;
  readonly port: number;
  /**
   * First 16 bytes of SHA-256 over the Main's pairing key, and over the authority's certificate.
   * Nobody can find another key with the same 128 bits, and the code stays short enough to type.
   */
  readonly pairingHash: Bytes;
  readonly authorityHash: Bytes;
  /** 128 random bits. */
  readonly secret: Bytes;
}

export type JoinCodeFault = "not a join code" | "mistyped";

export const joinHashBytes = 16;
export const joinSecretBytes = 16;
const formatVersion = 1;
const checkBytes = 4;
const fixedBytes = 1 + 2 + 2 * joinHashBytes + joinSecretBytes + checkBytes;
const addressBytesMax = 255;
const charactersMax = 1024;

/** Crockford's base 32 in groups of five: no I, L, O, U, so it can be read out and typed in. */
const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The code as text. The last four bytes tell a typing error from a code that is wrong. */
export function encodeJoinCode(code: JoinCode, sha256: Sha256): string {
  const body = concat([
    new Uint8Array([formatVersion, code.port >> 8, code.port & 255]),
    code.pairingHash,
    code.authorityHash,
    code.secret,
    utf8(code.address),
  ]);
  const text = encodeBase32(concat([body, sha256(body).subarray(0, checkBytes)]));
  return text.replaceAll(/.{5}(?=.)/g, "$&-");
}

/** Reads what a person typed: case, spaces, hyphens, O for 0 and I or L for 1 do not matter. */
export function decodeJoinCode(text: string, sha256: Sha256): Result<JoinCode, JoinCodeFault> {
  if (text.length > charactersMax) return err("not a join code");
  const plain = text
    .toUpperCase()
    .replaceAll(/[\s-]/g, "")
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  const bytes = decodeBase32(plain);
  if (bytes === undefined || bytes.length <= fixedBytes) return err("not a join code");
  const body = bytes.subarray(0, bytes.length - checkBytes);
  const check = sha256(body).subarray(0, checkBytes);
  const isWhole = check.every((byte, index) => byte === bytes[body.length + index]);
  if (!isWhole) return err("mistyped");
  return decodeBody(body);
}

function decodeBody(body: Bytes): Result<JoinCode, JoinCodeFault> {
  const [version, high = 0, low = 0] = body;
  const places = [3, 3 + joinHashBytes, 3 + 2 * joinHashBytes];
  const [pairing = 0, authority = 0, secret = 0] = places;
  const addressBytes = body.subarray(secret + joinSecretBytes);
  const address = decodeUtf8(addressBytes);
  const isSound =
    version === formatVersion &&
    address.ok &&
    addressBytes.length <= addressBytesMax &&
    /^[A-Za-z0-9:][A-Za-z0-9.:-]*$/.test(address.value);
  if (!isSound) return err("not a join code");
  return ok({
    address: address.value,
    port: high * 256 + low,
    pairingHash: body.slice(pairing, authority),
    authorityHash: body.slice(authority, secret),
    secret: body.slice(secret, secret + joinSecretBytes),
  });
}

function encodeBase32(bytes: Bytes): string {
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
function decodeBase32(text: string): Uint8Array<ArrayBuffer> | undefined {
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

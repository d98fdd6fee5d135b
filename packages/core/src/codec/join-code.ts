import { concat, decodeUtf8, utf8, type Bytes } from "../base/bytes.ts";
import type { Sha256 } from "../base/digest.ts";
import { err, ok, type Result } from "../base/result.ts";
import { decodeBase32, encodeBase32, plainBase32 } from "./base32.ts";

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

/** The code as text, in groups of five. The last four bytes tell a typing error from a code that is wrong. */
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
  const bytes = decodeBase32(plainBase32(text));
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

import { concat, decodeUtf8, utf8, type Bytes } from "../base/bytes.ts";
import type { Sha256 } from "../base/digest.ts";
import { err, ok, type Result } from "../base/result.ts";
import { decodeTypedCode, encodeTypedCode, isCodeAddress } from "./typed-code.ts";

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
const fixedBytes = 1 + 2 + 2 * joinHashBytes + joinSecretBytes;

/** The code as text, to read out and type in. */
export function encodeJoinCode(code: JoinCode, sha256: Sha256): string {
  const body = concat([
    new Uint8Array([formatVersion, code.port >> 8, code.port & 255]),
    code.pairingHash,
    code.authorityHash,
    code.secret,
    utf8(code.address),
  ]);
  return encodeTypedCode(body, sha256);
}

/** Reads what a person typed: case, spaces, hyphens, O for 0 and I or L for 1 do not matter. */
export function decodeJoinCode(text: string, sha256: Sha256): Result<JoinCode, JoinCodeFault> {
  const body = decodeTypedCode(text, fixedBytes + 1, sha256);
  if (!body.ok) return err(body.error === "mistyped" ? "mistyped" : "not a join code");
  return decodeBody(body.value);
}

function decodeBody(body: Bytes): Result<JoinCode, JoinCodeFault> {
  const [version, high = 0, low = 0] = body;
  const places = [3, 3 + joinHashBytes, 3 + 2 * joinHashBytes];
  const [pairing = 0, authority = 0, secret = 0] = places;
  const address = decodeUtf8(body.subarray(secret + joinSecretBytes));
  if (version !== formatVersion || !address.ok || !isCodeAddress(address.value)) {
    return err("not a join code");
  }
  return ok({
    address: address.value,
    port: high * 256 + low,
    pairingHash: body.slice(pairing, authority),
    authorityHash: body.slice(authority, secret),
    secret: body.slice(secret, secret + joinSecretBytes),
  });
}

import { concat, decodeUtf8, utf8, type Bytes } from "../base/bytes.ts";
import type { Sha256 } from "../base/digest.ts";
import { err, ok, type Result } from "../base/result.ts";
import { decodeTypedCode, encodeTypedCode, isCodeAddress } from "./typed-code.ts";

/**
 * What the code of a witness carries: where it listens, how to know it before anything is sent,
 * and the secret that lets one Main fill its register once. Another format than a join code's.
 */
export interface WitnessCode {
  readonly address: string;
  readonly port: number;
  /** First 16 bytes of SHA-256 over the witness's pairing key. */
  readonly pairingHash: Bytes;
  /** 128 random bits. */
  readonly secret: Bytes;
}

export type WitnessCodeFault = "not a witness code" | "mistyped";

const witnessHashBytes = 16;
export const witnessSecretBytes = 16;
const formatVersion = 2;
const hashAt = 3;
const secretAt = hashAt + witnessHashBytes;
const addressAt = secretAt + witnessSecretBytes;

export function encodeWitnessCode(code: WitnessCode, sha256: Sha256): string {
  const { port, pairingHash, secret, address } = code;
  const head = new Uint8Array([formatVersion, port >> 8, port & 255]);
  return encodeTypedCode(concat([head, pairingHash, secret, utf8(address)]), sha256);
}

/** Reads what a person typed: case, spaces, hyphens, O for 0 and I or L for 1 do not matter. */
export function decodeWitnessCode(
  text: string,
  sha256: Sha256,
): Result<WitnessCode, WitnessCodeFault> {
  const body = decodeTypedCode(text, addressAt + 1, sha256);
  if (!body.ok) return err(body.error === "mistyped" ? "mistyped" : "not a witness code");
  const bytes = body.value;
  const [version, high = 0, low = 0] = bytes;
  const address = decodeUtf8(bytes.subarray(addressAt));
  if (version !== formatVersion || !address.ok || !isCodeAddress(address.value)) {
    return err("not a witness code");
  }
  return ok({
    address: address.value,
    port: high * 256 + low,
    pairingHash: bytes.slice(hashAt, secretAt),
    secret: bytes.slice(secretAt, addressAt),
  });
}

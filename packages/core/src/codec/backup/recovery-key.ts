import { concat, type Bytes } from "../../base/bytes.ts";
import type { Sha256 } from "../../base/digest.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { Secret } from "../../base/secret.ts";
import { decodeBase32, encodeBase32, plainBase32 } from "../base32.ts";

export type RecoveryKeyFault = "not a recovery key" | "mistyped";

/** 128 random bits, from which the key pair is made: as strong as X25519, and short to type. */
export const recoverySecretBytes = 16;
const formatVersion = 1;
/** 24 bits: one typing error in 16 million is not noticed here, but when the first file is opened. */
const checkBytes = 3;
const bytesMost = 1 + recoverySecretBytes + checkBytes;
const charactersMost = 128;

/** `XXXX-XXXX-…`, eight groups of four; the last digits tell a typing error from another key. */
export function spellRecoveryKey(secret: Secret<Bytes>, sha256: Sha256): Secret<string> {
  const body = concat([new Uint8Array([formatVersion]), secret.reveal()]);
  const text = encodeBase32(concat([body, sha256(body).subarray(0, checkBytes)]));
  return new Secret(text.replaceAll(/.{4}(?=.)/g, "$&-"));
}

/** Reads what a person typed back. */
export function readRecoveryKey(
  typed: Secret<string>,
  sha256: Sha256,
): Result<Secret<Bytes>, RecoveryKeyFault> {
  const text = typed.reveal();
  if (text.length > charactersMost) return err("not a recovery key");
  const bytes = decodeBase32(plainBase32(text));
  if (bytes?.length !== bytesMost) return err("not a recovery key");
  const body = bytes.subarray(0, bytesMost - checkBytes);
  const check = sha256(body);
  const isWhole = bytes.subarray(body.length).every((byte, index) => byte === check[index]);
  if (!isWhole) return err("mistyped");
  if (body[0] !== formatVersion) return err("not a recovery key");
  return ok(new Secret<Bytes>(body.slice(1)));
}

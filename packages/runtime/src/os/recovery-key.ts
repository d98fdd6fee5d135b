import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from "node:crypto";
import { concat, type Bytes } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import {
  readRecoveryKey,
  recoverySecretBytes,
  spellRecoveryKey,
  type RecoveryKeyFault,
} from "@gridward/core/codec/backup/recovery-key";
import { sha256 } from "./hash.ts";
import { randomBytes } from "./random.ts";

/** Opens backups. Only its public half ever reaches a server before a restore. */
export interface RecoveryKey {
  /** X25519, base64url of the 32 raw bytes: to whom backups are sealed. */
  readonly publicKey: string;
  readonly key: KeyObject;
}

/** A fresh key as it is written down; it is kept nowhere. */
export function freshRecoveryKey(): Secret<string> {
  return spellRecoveryKey(new Secret<Bytes>(randomBytes(recoverySecretBytes)), sha256);
}

export function openRecoveryKey(typed: Secret<string>): Result<RecoveryKey, RecoveryKeyFault> {
  const secret = readRecoveryKey(typed, sha256);
  if (!secret.ok) return secret;
  const key = keyFrom(secret.value);
  return ok({ key, publicKey: createPublicKey(key).export({ format: "jwk" }).x ?? "" });
}

/** PKCS#8 of an X25519 key (RFC 8410): these bytes, then the 32 of the key. */
const pkcs8 = Buffer.from("302e020100300506032b656e04220420", "hex");

function keyFrom(secret: Secret<Bytes>): KeyObject {
  const salt = new Uint8Array();
  const raw = hkdfSync("sha256", secret.reveal(), salt, "gridward recovery key", 32);
  const der = Buffer.from(concat([pkcs8, new Uint8Array(raw)]));
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

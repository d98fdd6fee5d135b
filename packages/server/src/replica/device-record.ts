import type { ReplicaRecord, VerifierEntry } from "@gridward/core/codec/replica/record";
import type { Bytes } from "@gridward/core/base/bytes";
import { Secret } from "@gridward/core/base/secret";
import type { AccountRow, PasswordCredential, PolicyRow } from "@gridward/core/domain/types";
import { parsePhc } from "@gridward/runtime/os/phc";
import { deviceVerifier } from "@gridward/runtime/replica/device-key";

/** What all devices of a group may know of an account. */
export function deviceRecord(
  account: AccountRow,
  password: PasswordCredential,
  policy: PolicyRow,
): ReplicaRecord {
  return {
    id: account.id,
    name: account.name,
    displayName: account.displayName,
    roles: account.roles,
    credentialVersion: password.version,
    mustChange: password.mustChange,
    expiresAt: policy.expiresAfter === null ? null : password.changedAt + policy.expiresAfter,
    lockedUntil: account.lockedUntil,
    lockOut: { attempts: policy.attempts, window: policy.window, lockFor: policy.lockFor },
  };
}

/**
 * What one device alone gets of it: salt, cost, and the tag keyed to the device. Undefined for a
 * verifier that is no Argon2id, which no device could compute.
 */
export function deviceVerifierEntry(
  deviceKey: Secret<Bytes>,
  account: Pick<VerifierEntry, "id" | "credentialVersion">,
  phcText: Secret<string>,
): VerifierEntry | undefined {
  const phc = parsePhc(phcText.reveal());
  if (!phc.ok) return undefined;
  const { cost, salt, tag } = phc.value;
  return {
    id: account.id,
    credentialVersion: account.credentialVersion,
    cost,
    salt: Buffer.from(salt).toString("base64url"),
    verifier: deviceVerifier(deviceKey, new Secret<Bytes>(tag), account),
  };
}

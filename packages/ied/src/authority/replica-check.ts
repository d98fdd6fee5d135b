import { ok, type Result } from "@gridward/core/base/result";
import type { Bytes } from "@gridward/core/base/bytes";
import { Secret } from "@gridward/core/base/secret";
import type { Instant } from "@gridward/core/base/time";
import type { ReplicaRecord, VerifierEntry } from "@gridward/core/codec/replica/record";
import { preparePassword } from "@gridward/core/domain/password";
import type { Refusal } from "@gridward/core/domain/refusal";
import { isInForce } from "@gridward/core/domain/roles";
import type { SecurityEventNumber } from "@gridward/core/domain/security-event";
import { argonCost, type Overloaded, type PasswordHasher } from "@gridward/runtime/os/argon2";
import { randomBytes } from "@gridward/runtime/os/random";
import { deviceVerifier, sameVerifier } from "@gridward/runtime/replica/device-key";
import type { LocalReplica } from "../replica/local-replica.ts";

/** What the replica says to a name and a password. */
export type ReplicaAnswer =
  | { readonly accepted: true; readonly record: ReplicaRecord }
  | { readonly accepted: false; readonly event: SecurityEventNumber; readonly refusal: Refusal };

/**
 * Verifies against the local replica, in the order of the servers' own checks. One Argon2id hash is
 * computed whoever asks and whatever the answer (AM10).
 */
export async function checkAgainstReplica(
  replica: LocalReplica,
  hasher: PasswordHasher,
  name: string,
  password: Secret<string>,
): Promise<Result<ReplicaAnswer, Overloaded>> {
  const member = replica.find(name);
  const recipe = member?.verifier ?? nobodys(replica);
  const prepared = preparePassword(password.reveal());
  // What cannot be a password costs the same and matches nothing.
  const typed = new Secret(prepared.ok ? prepared.value : "");
  const salt = new Uint8Array(Buffer.from(recipe.salt, "base64url"));
  const tag = await hasher.raw(typed, salt, recipe.cost);
  if (!tag.ok) return tag;
  const isRight = prepared.ok && verifies(replica, member?.verifier, tag.value);
  if (member === undefined) {
    return ok(refused(1120, { code: "credential.unknown-account", detail: name }));
  }
  return ok(judge(member.record, isRight, replica.time()));
}

/** Salt and cost for a name that nobody has: the cost is that of the accounts beside it. */
function nobodys(replica: LocalReplica): Pick<VerifierEntry, "salt" | "cost"> {
  const salt = Buffer.from(randomBytes(16)).toString("base64url");
  for (const { verifier } of replica.members()) {
    if (verifier !== undefined) return { salt, cost: verifier.cost };
  }
  return { salt, cost: argonCost };
}

function verifies(
  replica: LocalReplica,
  entry: VerifierEntry | undefined,
  tag: Secret<Bytes>,
): boolean {
  const { deviceKey } = replica;
  if (deviceKey === undefined || entry === undefined) return false;
  return sameVerifier(deviceVerifier(deviceKey.key, tag, entry), entry.verifier);
}

/** Grace and a change of password are a server's to give: here both end in a refusal. */
function judge(record: ReplicaRecord, isRight: boolean, now: Instant): ReplicaAnswer {
  const { name, lockedUntil, mustChange, expiresAt, roles } = record;
  if (lockedUntil !== null && now < lockedUntil) {
    return refused(1170, { code: "account.locked", detail: name });
  }
  if (!isRight) return refused(1130, { code: "credential.rejected", detail: name });
  if (mustChange) return refused(1150, { code: "password.must-change", detail: name });
  if (expiresAt !== null && expiresAt <= now) {
    return refused(1150, { code: "password.expired", detail: name });
  }
  if (roles.length > 0 && !roles.some((role) => isInForce(role, now))) {
    return refused(1130, { code: "account.expired", detail: name });
  }
  return { accepted: true, record };
}

function refused(event: SecurityEventNumber, refusal: Refusal): ReplicaAnswer {
  return { accepted: false, event, refusal };
}

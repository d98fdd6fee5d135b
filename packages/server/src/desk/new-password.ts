import type { Sealed } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import type { NewPassword } from "@gridward/core/domain/command";
import { checkPassword, measurePassword, preparePassword } from "@gridward/core/domain/password";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { AccountRow } from "@gridward/core/domain/types";
import type { PasswordHasher } from "@gridward/runtime/os/argon2";
import type { SystemKey } from "@gridward/runtime/os/seal";
import { openPassword, sealPassword } from "../sealed-password.ts";
import { systemKeyOf } from "./order.ts";
import type { DeskParts } from "./desk-parts.ts";

/** With what a password is made. */
export type PasswordParts = Pick<DeskParts, "front" | "hasher" | "systemKey">;

/** For whom a password is chosen; `present` is null for an account that is being created. */
export interface PasswordOwner {
  readonly name: string;
  readonly policy: string;
  readonly present: AccountRow | null;
}

/**
 * A typed password as a command may carry it: prepared (RFC 8265), judged by the policy and the
 * block list, compared with the remembered ones, hashed and sealed. The cheap judgements come
 * first; the domain repeats those that it can.
 */
export async function makeNewPassword(
  { front, hasher, systemKey }: PasswordParts,
  owner: PasswordOwner,
  typed: string,
): Promise<Result<NewPassword, Refusal>> {
  const key = systemKeyOf(systemKey);
  if (!key.ok) return key;
  const prepared = preparePassword(typed);
  if (!prepared.ok) return prepared;
  const policy = front.state().tables.policies.get(owner.policy);
  if (policy === undefined) return err({ code: "policy.not-found", detail: owner.policy });
  const refusal = checkPassword(policy, owner.name, prepared.value);
  if (refusal !== undefined) return err(refusal);
  const password = new Secret(prepared.value);
  const repeats = await isRemembered(hasher, key.value, {
    password,
    remembered: rememberedOf(owner.present, policy.history),
  });
  if (!repeats.ok) return repeats;
  const phc = await hasher.hash(password);
  if (!phc.ok) return err({ code: "server.overloaded", detail: "" });
  return ok({
    ...measurePassword(prepared.value),
    verifier: sealPassword(key.value, new Secret(phc.value)),
    repeats: repeats.value,
  });
}

/** The present one and as many before it as the policy asks for; none where it asks for none. */
function rememberedOf(account: AccountRow | null, history: number): readonly Sealed[] {
  const password = account?.password ?? null;
  if (password === null || history === 0) return [];
  return [password.verifier, ...password.history].slice(0, history);
}

async function isRemembered(
  hasher: PasswordHasher,
  key: SystemKey,
  compared: { readonly password: Secret<string>; readonly remembered: readonly Sealed[] },
): Promise<Result<boolean, Refusal>> {
  for (const verifier of compared.remembered) {
    const opened = openPassword(key, verifier);
    if (!opened.ok) return err({ code: "security.seal-broken", detail: opened.error });
    const same = await hasher.verify(opened.value.reveal(), compared.password);
    if (!same.ok) return err({ code: "server.overloaded", detail: "" });
    if (same.value) return ok(true);
  }
  return ok(false);
}

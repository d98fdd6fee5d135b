import type { Sealed } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { sealText, unsealText, type SystemKey, type UnsealFault } from "@gridward/runtime/os/seal";

/** Purpose under which a verifier is sealed. */
export const passwordPurpose = "password verifier of an account";

/** A PHC string of Argon2id, as it may enter the journal. */
export function sealPassword(key: SystemKey, phc: Secret<string>): Sealed {
  return sealText(key, passwordPurpose, phc);
}

/** The PHC string again, where a password is verified or a device's verifiers are made. */
export function openPassword(
  key: SystemKey,
  verifier: Sealed,
): Result<Secret<string>, UnsealFault> {
  return unsealText(key, passwordPurpose, verifier);
}

import type { Instant } from "../base/time.ts";
import { isLockedAt } from "./lock-out.ts";
import { isPastItsRoles } from "./roles.ts";
import type { AccountRow } from "./types.ts";

/** By which a sign-in is known to be by the credential of now; 0: by a one-time code. */
export function credentialVersion(account: Pick<AccountRow, "password">): number {
  return account.password?.version ?? 0;
}

/**
 * Whether a sign-in with that credential still holds: one rule for sessions over HTTPS and for
 * connections over LDAP, by the checks that would refuse it anew (sign-in-checks.ts).
 */
export function isStillSignedIn(account: AccountRow, credential: number, at: Instant): boolean {
  return (
    account.enabled &&
    !isLockedAt(account, at) &&
    !isPastItsRoles(account, at) &&
    credentialVersion(account) === credential
  );
}

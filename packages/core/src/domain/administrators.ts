import type { Instant } from "../base/time.ts";
import { passwordEnd } from "./policies.ts";
import { impliedRoles, isEverywhere, roleIds } from "./roles.ts";
import type { DirectoryState } from "./state.ts";
import type { AccountRow, RoleAssignment } from "./types.ts";

/** AM8: somebody must always be able to manage accounts, without end and without help. */
export function isLastAdministrator(
  state: DirectoryState,
  account: AccountRow,
  at: Instant,
): boolean {
  if (!account.enabled || !holdsSecadmForGood(account.roles, at)) return false;
  for (const other of state.tables.accounts.values()) {
    if (other.id !== account.id && canAdminister(state, other, at)) return false;
  }
  return true;
}

/** Enabled, with a password that opens HTTPS and has not expired, and SECADM everywhere for good. */
export function canAdminister(state: DirectoryState, account: AccountRow, at: Instant): boolean {
  if (!account.enabled || account.password === null) return false;
  const policy = state.tables.policies.get(account.policy);
  if (policy?.kind === "panel-pin") return false;
  const end = passwordEnd(account, policy);
  return (end === null || at < end) && holdsSecadmForGood(account.roles, at);
}

export function holdsSecadmForGood(roles: readonly RoleAssignment[], at: Instant): boolean {
  return roles.some(
    (assignment) =>
      impliedRoles(assignment.role).includes(roleIds.SECADM) &&
      isEverywhere(assignment) &&
      assignment.notAfter === null &&
      (assignment.notBefore === null || assignment.notBefore <= at),
  );
}

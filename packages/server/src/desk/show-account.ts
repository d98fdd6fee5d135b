import type { AccountListRow, AccountView } from "@gridward/core/api/account-routes";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import { nameOfRole } from "@gridward/core/domain/private-roles";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { AccountRow, RoleAssignment } from "@gridward/core/domain/types";
import { accountView, groupNames, standingOf } from "@gridward/core/domain/views";

/** An account as lists show it. */
export function showAccountRow(
  state: DirectoryState,
  account: AccountRow,
  now: Instant,
): AccountListRow {
  return {
    name: account.name,
    display_name: account.displayName,
    roles: account.roles.map((role) => shortRole(state, role)),
    groups: groupNames(state, account),
    state: standingOf(state, account, now),
    changed_at: rfc3339(account.changedAt),
  };
}

export function showAccount(state: DirectoryState, account: AccountRow, now: Instant): AccountView {
  const view = accountView(state, account, now);
  const { password } = view;
  return {
    id: view.id,
    ...showAccountRow(state, account, now),
    role_assignments: account.roles.map((role) => showRole(state, role)),
    uid_number: view.uidNumber,
    enabled: view.enabled,
    policy: view.policy,
    locked_until: timeOrNull(view.lockedUntil),
    password: password && {
      version: password.version,
      changed_at: rfc3339(password.changedAt),
      must_change: password.mustChange,
      expires_at: timeOrNull(password.expiresAt),
      grace_used: password.graceUsed,
    },
    code_expires_at: timeOrNull(view.codeExpiresAt),
    created_at: rfc3339(view.createdAt),
  };
}

export function showRole(
  state: DirectoryState,
  assignment: RoleAssignment,
): AccountView["role_assignments"][number] {
  return {
    role: assignment.role,
    name: nameOfRole(state, assignment.role),
    area: assignment.area,
    not_before: timeOrNull(assignment.notBefore),
    not_after: timeOrNull(assignment.notAfter),
  };
}

export function timeOrNull(at: Instant | null): string | null {
  return at === null ? null : rfc3339(at);
}

/** `OPERATOR`, or `OPERATOR@Hill/Q01` where it does not hold everywhere. */
function shortRole(state: DirectoryState, { role, area }: RoleAssignment): string {
  const name = nameOfRole(state, role);
  return area === "*" ? name : `${name}@${area}`;
}

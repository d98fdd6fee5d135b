import type { Instant } from "../base/time.ts";
import { isLockedAt } from "./lock-out.ts";
import { passwordEnd } from "./policies.ts";
import { nameOfRole } from "./private-roles.ts";
import { isInForce } from "./roles.ts";
import type { DirectoryState } from "./state.ts";
import type { AccountRow, RoleAssignment } from "./types.ts";

/** One word for what a list shows: may this account sign in now? */
export type Standing = "active" | "disabled" | "locked" | "no password" | "must change" | "expired";

/** An account as front ends may show it: everything but its secrets. */
export interface AccountView {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly uidNumber: number;
  readonly standing: Standing;
  readonly enabled: boolean;
  readonly roles: readonly (RoleAssignment & {
    readonly name: string;
    readonly inForce: boolean;
  })[];
  /** Names of the groups that allow it, sorted. */
  readonly groups: readonly string[];
  readonly policy: string;
  /** null where no lock holds now. */
  readonly lockedUntil: Instant | null;
  readonly password: {
    readonly version: number;
    readonly changedAt: Instant;
    readonly mustChange: boolean;
    readonly expiresAt: Instant | null;
    /** Sign-ins after its end. */
    readonly graceUsed: number;
  } | null;
  readonly codeExpiresAt: Instant | null;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}

export function accountView(state: DirectoryState, account: AccountRow, now: Instant): AccountView {
  const { id, name, displayName, uidNumber, enabled, policy, createdAt, changedAt } = account;
  return {
    id,
    name,
    displayName,
    uidNumber,
    enabled,
    policy,
    createdAt,
    changedAt,
    standing: standingOf(state, account, now),
    roles: account.roles.map((assignment) => ({
      ...assignment,
      name: nameOfRole(state, assignment.role),
      inForce: isInForce(assignment, now),
    })),
    groups: groupNames(state, account),
    lockedUntil: isLockedAt(account, now) ? account.lockedUntil : null,
    password: passwordView(state, account),
    codeExpiresAt: account.code?.expiresAt ?? null,
  };
}

function passwordView(state: DirectoryState, account: AccountRow): AccountView["password"] {
  if (account.password === null) return null;
  const { version, changedAt, mustChange, graceUsed = [] } = account.password;
  const expiresAt = passwordEnd(account, state.tables.policies.get(account.policy));
  return { version, changedAt, mustChange, expiresAt, graceUsed: graceUsed.length };
}

export function standingOf(state: DirectoryState, account: AccountRow, now: Instant): Standing {
  if (!account.enabled) return "disabled";
  if (isLockedAt(account, now)) return "locked";
  if (account.password === null) return "no password";
  const end = passwordEnd(account, state.tables.policies.get(account.policy));
  if (end !== null && end <= now) return "expired";
  return account.password.mustChange ? "must change" : "active";
}

export function groupNames(state: DirectoryState, account: AccountRow): readonly string[] {
  const names = account.groups.flatMap((id) => state.tables.groups.get(id)?.name ?? []);
  return names.toSorted();
}

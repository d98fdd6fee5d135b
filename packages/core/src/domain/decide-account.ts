import { canonical } from "../base/canonical.ts";
import { err, ok, type Result } from "../base/result.ts";
import { canAdminister, holdsSecadmForGood, isLastAdministrator } from "./administrators.ts";
import type { Submission } from "./command.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import {
  displayNameLengthMax,
  groupsPerAccountMax,
  lockMax,
  rolesPerAccountMax,
} from "./limits.ts";
import { isLockedAt } from "./lock-out.ts";
import { isArea, isPlainText, parseAccountName } from "./names.ts";
import { checkMustChange, checkNewPassword, checkRolesFor } from "./policies.ts";
import { refuse, type Refusal } from "./refusal.ts";
import { checkRole, roleName } from "./roles.ts";
import { singleKey, type DirectoryState } from "./state.ts";
import type { AccountRow, PasswordCredential, RoleAssignment } from "./types.ts";

export function createAccount(
  state: DirectoryState,
  command: CommandOf<"create-account">,
  { at }: Submission,
): Decision {
  const system = state.tables.system.get(singleKey);
  if (system === undefined) return refuse("system.blank", "");
  const name = parseAccountName(command.name);
  if (!name.ok) return name;
  if (state.accountsByName.has(name.value) || state.tables.accounts.has(command.id)) {
    return refuse("account.exists", name.value);
  }
  const refusal =
    checkDisplayName(command.displayName) ??
    checkRoleAssignments(command.roles) ??
    checkGroups(state, command);
  if (refusal !== undefined) return err(refusal);
  const password = firstPassword(state, command, at);
  if (!password.ok) return password;
  const account: AccountRow = {
    id: command.id,
    name: name.value,
    displayName: command.displayName.trim() || name.value,
    uidNumber: system.uidNext,
    roles: command.roles,
    groups: command.groups,
    enabled: true,
    password: password.value,
    code: null,
    lockedUntil: null,
    policy: command.policy,
    createdAt: at,
    changedAt: at,
  };
  return decided([{ kind: "account-created", account }], { id: account.id });
}

function firstPassword(
  state: DirectoryState,
  command: CommandOf<"create-account">,
  at: number,
): Result<PasswordCredential | null, Refusal> {
  const policy = state.tables.policies.get(command.policy);
  if (policy === undefined) return refuse("policy.not-found", command.policy);
  const unfit = checkRolesFor(policy, command.roles);
  if (unfit !== undefined) return err(unfit);
  if (command.password === null) return ok(null);
  const refusal =
    checkNewPassword(policy, command.password) ?? checkMustChange(policy, command.mustChange);
  if (refusal !== undefined) return err(refusal);
  const { verifier } = command.password;
  return ok({ verifier, version: 1, changedAt: at, mustChange: command.mustChange, history: [] });
}

export function checkDisplayName(text: string): Refusal | undefined {
  if (isPlainText(text, displayNameLengthMax)) return undefined;
  return { code: "account.bad-display-name", detail: text.slice(0, displayNameLengthMax) };
}

export function checkRoleAssignments(roles: readonly RoleAssignment[]): Refusal | undefined {
  if (roles.length > rolesPerAccountMax) {
    return { code: "role.too-many", detail: String(roles.length) };
  }
  const seen = new Set<string>();
  for (const assignment of roles) {
    const { role, area, notBefore, notAfter } = assignment;
    const refusal = checkRole(role);
    if (refusal !== undefined) return refusal;
    if (!isArea(area)) return { code: "role.bad-area", detail: area.slice(0, 512) };
    if (notBefore !== null && notAfter !== null && notBefore >= notAfter) {
      return { code: "role.bad-dates", detail: roleName(role) };
    }
    const place = `${role} ${area}`;
    if (seen.has(place)) return { code: "role.repeated", detail: `${roleName(role)} ${area}` };
    seen.add(place);
  }
  return undefined;
}

export function checkGroups(
  state: DirectoryState,
  { groups }: Pick<AccountRow, "groups">,
): Refusal | undefined {
  if (groups.length > groupsPerAccountMax) {
    return { code: "account.too-many-groups", detail: String(groups.length) };
  }
  const unknown = groups.find((id) => !state.tables.groups.has(id));
  if (unknown !== undefined) return { code: "group.not-found", detail: unknown };
  const repeated = groups.find((id, index) => groups.indexOf(id) !== index);
  return repeated === undefined ? undefined : { code: "group.already-member", detail: repeated };
}

export function updateAccount(
  state: DirectoryState,
  command: CommandOf<"update-account">,
  { at }: Submission,
): Decision {
  const account = state.tables.accounts.get(command.id);
  if (account === undefined) return refuse("account.not-found", command.id);
  const { displayName = account.displayName, roles = account.roles } = command;
  const { policy = account.policy } = command;
  const refusal = checkDisplayName(displayName) ?? checkRoleAssignments(roles);
  if (refusal !== undefined) return err(refusal);
  const row = state.tables.policies.get(policy);
  if (row === undefined) return refuse("policy.not-found", policy);
  const unfit = checkRolesFor(row, roles);
  if (unfit !== undefined) return err(unfit);
  if (
    isLastAdministrator(state, account, at) &&
    !staysIn(state, { ...account, roles, policy }, at)
  ) {
    return refuse("account.last-security-administrator", account.name);
  }
  if (canonical({ ...account, displayName, roles, policy }) === canonical(account)) {
    return refuse("account.unchanged", account.name);
  }
  return decided([{ kind: "account-updated", id: account.id, displayName, roles, policy }]);
}

/** With the roles for it; and where a password lets it in now, it does so by the new policy, too. */
function staysIn(state: DirectoryState, changed: AccountRow, at: number): boolean {
  const before = state.tables.accounts.get(changed.id);
  const couldSignIn = before !== undefined && canAdminister(state, before, at);
  return (
    holdsSecadmForGood(changed.roles, at) && (!couldSignIn || canAdminister(state, changed, at))
  );
}

export function changeStanding(
  state: DirectoryState,
  command: CommandOf<"enable-account" | "disable-account" | "delete-account" | "unlock-account">,
  { at }: Submission,
): Decision {
  const account = state.tables.accounts.get(command.id);
  if (account === undefined) return refuse("account.not-found", command.id);
  const { id, name, enabled } = account;
  switch (command.kind) {
    case "enable-account":
      if (enabled) return refuse("account.already-enabled", name);
      return decided([{ kind: "account-enabled", id }]);
    case "disable-account":
      if (!enabled) return refuse("account.already-disabled", name);
      return removable(state, account, at) ?? decided([{ kind: "account-disabled", id }]);
    case "delete-account":
      return removable(state, account, at) ?? decided([{ kind: "account-deleted", id }]);
    case "unlock-account":
      // A server may block before the journal says so, so an unlock is right without a lock, too.
      return decided([{ kind: "account-unlocked", id }]);
  }
}

function removable(state: DirectoryState, account: AccountRow, at: number): Decision | undefined {
  return isLastAdministrator(state, account, at)
    ? refuse("account.last-security-administrator", account.name)
    : undefined;
}

/** By a server at which the failures reached the limit. Every lock ends by clock (AM8). */
export function lockAccount(
  state: DirectoryState,
  command: CommandOf<"lock-account">,
  { at }: Submission,
): Decision {
  const account = state.tables.accounts.get(command.id);
  if (account === undefined) return refuse("account.not-found", command.id);
  const { until } = command;
  if (!(until > at && until <= at + lockMax)) return refuse("account.bad-lock", account.name);
  if (isLockedAt(account, at) && (account.lockedUntil ?? 0) >= until) {
    return refuse("account.already-locked", account.name);
  }
  return decided([{ kind: "account-locked", id: account.id, until }]);
}

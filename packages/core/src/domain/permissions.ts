import { hasCertificate } from "./mapping.ts";
import type { CommandKind, Submission } from "./command.ts";
import type { Refusal } from "./refusal.ts";
import { impliedRoles, isEverywhere, roleIds, roleName, rolesInForce } from "./roles.ts";
import type { DirectoryState } from "./state.ts";
import type { AccountRow, Actor, RoleId } from "./types.ts";
import { isLockedAt } from "./lock-out.ts";

/** Who may order a kind of command. */
interface Permission {
  /** An account with one of these roles in force, everywhere (IEC 62351-8). */
  readonly roles: readonly RoleId[];
  /** An account for itself, whatever its roles. */
  readonly self: boolean;
  /** Actors that are no account. */
  readonly others: readonly Exclude<Actor["kind"], "account">[];
}

const securityAdministrator: Permission = { roles: [roleIds.SECADM], self: false, others: [] };
/** Who may do what is not the office of who has which role (IEC 62351-8, separation of duties). */
const rightsAdministrator: Permission = { roles: [roleIds.RBACMNT], self: false, others: [] };
const servers: Permission = { roles: [], self: false, others: ["server"] };
const owner: Permission = { roles: [], self: false, others: ["local"] };
const itself: Permission = { roles: [], self: true, others: [] };
const administratorOrOwner: Permission = { ...securityAdministrator, others: ["local"] };

/** AM8: one row for each command; nothing else in the system decides who may change what. */
export const permissions: { readonly [Kind in CommandKind]: Permission } = {
  "create-system": owner,
  "create-account": securityAdministrator,
  "update-account": securityAdministrator,
  "enable-account": securityAdministrator,
  "disable-account": securityAdministrator,
  "delete-account": securityAdministrator,
  "unlock-account": administratorOrOwner,
  "change-accounts": securityAdministrator,
  "undo-change-set": securityAdministrator,
  "lock-account": servers,
  "use-grace": servers,
  "set-password": securityAdministrator,
  "change-password": itself,
  "issue-code": administratorOrOwner,
  "end-session": { ...itself, others: ["server"] },
  "create-group": securityAdministrator,
  "delete-group": securityAdministrator,
  "join-group": securityAdministrator,
  "leave-group": securityAdministrator,
  "deny-in-group": securityAdministrator,
  "lift-deny-in-group": securityAdministrator,
  "admit-administrator": securityAdministrator,
  "set-policy": securityAdministrator,
  "set-right": rightsAdministrator,
  "replace-rights": rightsAdministrator,
  "create-role": rightsAdministrator,
  "delete-role": rightsAdministrator,
  "register-devices": securityAdministrator,
  "issue-device-code": securityAdministrator,
  "enrol-device": { ...servers, others: ["server", "device"] },
  "admit-device": securityAdministrator,
  "renew-device": { ...servers, others: ["server", "device"] },
  "confirm-renewal": servers,
  "renew-server": servers,
  "issue-certificate": securityAdministrator,
  "revoke-certificate": securityAdministrator,
  "map-certificate": securityAdministrator,
  "unmap-certificate": securityAdministrator,
  "allow-legacy-peer": securityAdministrator,
  "remove-legacy-peer": securityAdministrator,
  "request-authority": securityAdministrator,
  "withdraw-authority-request": securityAdministrator,
  "start-roll-over": securityAdministrator,
  "switch-authority": securityAdministrator,
  "retire-authority": securityAdministrator,
  "publish-crl": servers,
  "set-replication": securityAdministrator,
  "issue-invite": securityAdministrator,
  "add-witness": securityAdministrator,
  "remove-witness": securityAdministrator,
  "spend-invite-try": servers,
  "join-server": servers,
  "set-server-address": securityAdministrator,
  "remove-server": securityAdministrator,
  "record-set-aside": servers,
  "reapply-set-aside": securityAdministrator,
  "reject-set-aside": securityAdministrator,
  "start-term": servers,
  "set-recovery-key": administratorOrOwner,
  "restore-system": owner,
  "change-ack-set": servers,
  "digest-state": servers,
};

/** Roles are read from the state at the time of the submission, never taken from the caller. */
export function checkPermission(
  state: DirectoryState,
  submission: Submission,
): Refusal | undefined {
  const { command, actor } = submission;
  const permission = permissions[command.kind];
  if (actor.kind !== "account") {
    const isOwnAffair = actor.kind !== "device" || ("id" in command && command.id === actor.id);
    if (permission.others.includes(actor.kind) && isOwnAffair) return undefined;
    return { code: "access.denied", detail: `${command.kind} is not for a ${actor.kind}` };
  }
  const account = state.tables.accounts.get(actor.id);
  if (account === undefined || !account.enabled || isLockedAt(account, submission.at)) {
    return { code: "access.denied", detail: `the account ${actor.name} is not in force` };
  }
  return permission.self
    ? checkOwnAffair(account, submission)
    : checkRoles(state, account, { ...submission, permission });
}

function checkOwnAffair(account: AccountRow, { command }: Submission): Refusal | undefined {
  // A session's id is known to nobody but its owner, so naming it is proof enough.
  if (command.kind === "end-session") return undefined;
  if ("id" in command && command.id === account.id) return undefined;
  return { code: "access.denied", detail: `${command.kind} is for the account itself` };
}

function checkRoles(
  state: DirectoryState,
  account: AccountRow,
  { command, at, permission }: Submission & { readonly permission: Permission },
): Refusal | undefined {
  // Whoever has neither password nor certificate came by a one-time code.
  const isWithout = account.password === null && !hasCertificate(state, account.id);
  if (isWithout || account.password?.mustChange === true) {
    return { code: "password.must-change", detail: account.name };
  }
  const held = rolesInForce(account, at)
    .filter((assignment) => isEverywhere(assignment))
    .flatMap((assignment) => impliedRoles(assignment.role));
  if (permission.roles.some((role) => held.includes(role))) return undefined;
  const wanted = permission.roles.map((role) => roleName(role)).join(" or ");
  return { code: "access.denied", detail: `${command.kind} needs ${wanted || "no account"}` };
}

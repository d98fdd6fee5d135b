import type { Instant } from "@gridward/core/base/time";
import { isInForce, roleName, rolesInForce } from "@gridward/core/domain/roles";
import type { AccountRow } from "@gridward/core/domain/types";
import { commonName } from "./account-index.ts";
import { always, type Attributes, type EntryKind, flag, single } from "./entry.ts";
import { subschemaDn } from "./root-dse.ts";
import { entryUuid } from "./uuid.ts";
import { accountDn, generalizedTime, isMember, namedDn, type View } from "./view.ts";

const classes = [
  "top",
  "person",
  "organizationalPerson",
  "inetOrgPerson",
  "posixAccount",
  "gridwardAccount",
] as const;

/** `uid=anna,ou=people,<base>`: inetOrgPerson, posixAccount, gridwardAccount. Never a password. */
export const accountKind: EntryKind<AccountRow> = {
  classes,
  attributes: accountAttributes(),
  dnText: (row, view) => accountDn(view, row),
  trueUntil: nextChange,
};

function accountAttributes(): Attributes<AccountRow> {
  return new Map<string, (row: AccountRow, view: View) => readonly string[]>([
    ["objectClass", () => classes],
    ["uid", (row) => [row.name]],
    ["cn", (row) => [commonName(row)]],
    ["sn", (row) => [commonName(row).split(" ").at(-1) ?? row.name]],
    ["displayName", (row) => single(row.displayName)],
    ["uidNumber", (row) => [String(row.uidNumber)]],
    ["gidNumber", (row) => [String(row.uidNumber)]], // A group of its own: no shared files by chance.
    ["homeDirectory", (row) => [`/home/${row.name}`]],
    // A key in ~/.ssh must not outlive the account: a disabled one gets no shell.
    ["loginShell", (row) => [row.enabled ? "/bin/sh" : "/usr/sbin/nologin"]],
    ["gridwardEnabled", (row) => flag(row.enabled)],
    ["gridwardAssignment", assignments],
    ["memberOf", memberOf],
    ["entryUUID", (row) => [entryUuid(row.id)]],
    ["createTimestamp", (row) => [generalizedTime(row.createdAt)]],
    ["modifyTimestamp", (row) => [generalizedTime(row.changedAt)]],
    ["structuralObjectClass", () => ["inetOrgPerson"]],
    ["subschemaSubentry", () => [subschemaDn]],
    ["pwdChangedTime", secret(({ password }) => time(password?.changedAt ?? null))],
    ["pwdGraceUseTime", secret(graceUseTimes)],
    ["pwdReset", secret(({ password }) => (password?.mustChange === true ? flag(true) : []))],
    ["gridwardLockedUntil", secret(lockedUntil)],
  ]);
}

function assignments(row: AccountRow, view: View): readonly string[] {
  return rolesInForce(row, view.at).map(({ role, area }) => `${roleName(role)}@${area}`);
}

function memberOf(row: AccountRow, view: View): readonly string[] {
  const roles = new Set(rolesInForce(row, view.at).map(({ role }) => role));
  const names = [...roles].map((role) => namedDn(view, "roles", roleName(role)));
  for (const id of row.groups) {
    const group = view.state.tables.groups.get(id);
    const isIn = group !== undefined && isMember(row, group);
    if (isIn) names.push(namedDn(view, "groups", group.name));
  }
  return names;
}

/** Only for who looks after security; for everybody else the attribute is simply absent. */
function secret(
  read: (row: AccountRow, view: View) => readonly string[],
): (row: AccountRow, view: View) => readonly string[] {
  return (row, view) => (view.seesSecurity ? read(row, view) : []);
}

/** Of every sign-in after the end; two within a second are one value. */
function graceUseTimes({ password }: AccountRow): readonly string[] {
  return [...new Set((password?.graceUsed ?? []).flatMap(({ at }) => time(at)))];
}

function lockedUntil(row: AccountRow, view: View): readonly string[] {
  return row.lockedUntil !== null && row.lockedUntil > view.at ? time(row.lockedUntil) : [];
}

function time(at: Instant | null): readonly string[] {
  return at === null ? [] : [generalizedTime(at)];
}

/** When a role starts or ends, or a lock-out ends, the same row makes another entry. */
function nextChange(row: AccountRow, view: View): Instant {
  let next = row.lockedUntil !== null && row.lockedUntil > view.at ? row.lockedUntil : always;
  for (const assignment of row.roles) {
    const { notBefore, notAfter } = assignment;
    if (notBefore !== null && notBefore > view.at) next = Math.min(next, notBefore);
    if (notAfter !== null && isInForce(assignment, view.at)) next = Math.min(next, notAfter);
  }
  return next;
}

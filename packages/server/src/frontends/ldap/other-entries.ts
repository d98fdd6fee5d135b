import type { AccountId } from "@gridward/core/base/identity";
import { parseDnKey } from "@gridward/core/codec/ldap/dn";
import { isInForce, roleName } from "@gridward/core/domain/roles";
import type { AccountRow, DeviceRow, GroupRow, RoleId } from "@gridward/core/domain/types";
import { always, type EntryKind, single } from "./entry.ts";
import { subschemaDn } from "./root-dse.ts";
import { entryUuid } from "./uuid.ts";
import {
  accountByKey,
  accountDn,
  accountOf,
  generalizedTime,
  isMember,
  namedDn,
  type Unit,
  unitDn,
  type View,
} from "./view.ts";

/** `cn=OPERATOR,ou=roles,<base>`. Roles are no rows: this object stands for one. */
export interface RoleEntry {
  readonly role: RoleId;
}

export const roleKind: EntryKind<RoleEntry> = {
  classes: ["top", "groupOfNames", "gridwardRole"],
  attributes: new Map<string, (row: RoleEntry, view: View) => readonly string[]>([
    ["objectClass", () => ["top", "groupOfNames", "gridwardRole"]],
    ["cn", (row) => [roleName(row.role)]],
    ["gridwardRoleId", (row) => [String(row.role)]],
    ["member", (row, view) => accountDns(view, roleMembers(row, view))],
    ["entryUUID", (row, view) => [entryUuid(`${view.system.id} role ${row.role}`)]],
    ["createTimestamp", (_, view) => [generalizedTime(view.system.createdAt)]],
    ["modifyTimestamp", (_, view) => [generalizedTime(view.system.createdAt)]],
    ["structuralObjectClass", () => ["groupOfNames"]],
    ["subschemaSubentry", () => [subschemaDn]],
  ]),
  dnText: (row, view) => namedDn(view, "roles", roleName(row.role)),
  trueUntil: () => null, // Its members change with other rows and with the clock.
  holds: (row, view, wanted) =>
    memberHolds(view, wanted, (account) => hasRole(account, row.role, view)),
};

function roleMembers(row: RoleEntry, view: View): readonly AccountRow[] {
  const members: AccountRow[] = [];
  for (const id of view.index().byRole.get(row.role) ?? []) {
    const account = accountOf(view, id);
    if (account !== undefined && hasRole(account, row.role, view)) members.push(account);
  }
  return members;
}

function hasRole(account: AccountRow, role: RoleId, view: View): boolean {
  return account.roles.some((one) => one.role === role && isInForce(one, view.at));
}

/** `cn=bay1,ou=groups,<base>`: whom the group allows and does not deny. */
export const groupKind: EntryKind<GroupRow> = {
  classes: ["top", "groupOfNames"],
  attributes: new Map<string, (row: GroupRow, view: View) => readonly string[]>([
    ["objectClass", () => ["top", "groupOfNames"]],
    ["cn", (row) => [row.name]],
    ["description", (row) => single(row.description)],
    ["member", (row, view) => accountDns(view, groupMembers(row, view))],
    ["entryUUID", (row) => [entryUuid(row.id)]],
    ["createTimestamp", (row) => [generalizedTime(row.createdAt)]],
    ["modifyTimestamp", (row) => [generalizedTime(row.changedAt)]],
    ["structuralObjectClass", () => ["groupOfNames"]],
    ["subschemaSubentry", () => [subschemaDn]],
  ]),
  dnText: (row, view) => namedDn(view, "groups", row.name),
  trueUntil: () => null, // Its members change with other rows.
  holds: (row, view, wanted) => memberHolds(view, wanted, (account) => isMember(account, row)),
};

function groupMembers(row: GroupRow, view: View): readonly AccountRow[] {
  const ids: Iterable<AccountId> = view.state.membersByGroup.get(row.id)?.keys() ?? [];
  const members: AccountRow[] = [];
  for (const id of ids) {
    const account = accountOf(view, id);
    if (account !== undefined && isMember(account, row)) members.push(account);
  }
  return members;
}

/** Sorted, because tables have no order of their own. */
function accountDns(view: View, accounts: readonly AccountRow[]): readonly string[] {
  return accounts.map((account) => accountDn(view, account)).toSorted();
}

/** Whether one account is a member is asked of the account, not of a list of thousands. */
function memberHolds(
  view: View,
  wanted: { readonly name: string; readonly normal: string },
  isIn: (account: AccountRow) => boolean,
): boolean | undefined {
  if (wanted.name !== "member") return undefined;
  const key = parseDnKey(wanted.normal);
  const account = key.ok ? accountByKey(view, key.value) : undefined;
  return account !== undefined && isIn(account);
}

/** `cn=Q01,ou=devices,<base>`. */
export const deviceKind: EntryKind<DeviceRow> = {
  classes: ["top", "device", "gridwardDevice", "ipHost"],
  attributes: new Map<string, (row: DeviceRow, view: View) => readonly string[]>([
    ["objectClass", (row) => deviceClasses(row)],
    ["cn", (row) => [row.name]],
    ["gridwardManufacturer", (row) => single(row.manufacturer)],
    ["gridwardDeviceType", (row) => single(row.type)],
    ["gridwardArea", (row) => single(row.area)],
    ["gridwardDeviceStatus", (row) => [row.status]],
    ["ipHostNumber", addresses],
    ["entryUUID", (row) => [entryUuid(row.id)]],
    ["createTimestamp", (row) => [generalizedTime(row.createdAt)]],
    ["modifyTimestamp", (row) => [generalizedTime(row.changedAt)]],
    ["structuralObjectClass", () => ["device"]],
    ["subschemaSubentry", () => [subschemaDn]],
  ]),
  dnText: (row, view) => namedDn(view, "devices", row.name),
  trueUntil: () => always,
};

/** ipHost must have an address, so only a device that has one is an ipHost. */
function deviceClasses(row: DeviceRow): readonly string[] {
  const classes = ["top", "device", "gridwardDevice"];
  return addresses(row).length === 0 ? classes : [...classes, "ipHost"];
}

function addresses(row: DeviceRow): readonly string[] {
  return row.accessPoints.flatMap((point) => single(point.ip));
}

/** The base and its branches: entries that hold others. */
export interface Branch {
  readonly unit: Unit | null;
}

export const branchKind: EntryKind<Branch> = {
  classes: ["top", "domain", "organization", "organizationalUnit"],
  attributes: new Map<string, (row: Branch, view: View) => readonly string[]>([
    ["objectClass", branchClasses],
    ["dc", (row, view) => baseValue(row, view, "dc")],
    ["o", (row, view) => baseValue(row, view, "o")],
    ["ou", (row, view) => (row.unit === null ? baseValue(row, view, "ou") : [row.unit])],
    ["entryUUID", (row, view) => [entryUuid(`${view.system.id} branch ${row.unit ?? ""}`)]],
    ["createTimestamp", (_, view) => [generalizedTime(view.system.createdAt)]],
    ["modifyTimestamp", (_, view) => [generalizedTime(view.system.createdAt)]],
    ["structuralObjectClass", (row, view) => branchClasses(row, view).slice(1)],
    ["subschemaSubentry", () => [subschemaDn]],
  ]),
  dnText: (row, view) => (row.unit === null ? view.base.text : unitDn(view, row.unit)),
  trueUntil: () => always,
};

function branchClasses(row: Branch, view: View): readonly string[] {
  if (row.unit !== null) return ["top", "organizationalUnit"];
  const type = view.base.key[0]?.split("=")[0];
  if (type === "dc") return ["top", "domain"];
  return type === "o" ? ["top", "organization"] : ["top", "organizationalUnit"];
}

function baseValue(row: Branch, view: View, type: string): readonly string[] {
  if (row.unit !== null) return [];
  const first = view.base.dn[0] ?? [];
  return first.filter((part) => part.type.toLowerCase() === type).map((part) => part.value);
}

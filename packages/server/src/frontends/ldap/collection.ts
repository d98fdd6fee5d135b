import type { AccountId } from "@gridward/core/base/identity";
import { parseDnKey } from "@gridward/core/codec/ldap/dn";
import { foldCase } from "@gridward/core/codec/ldap/prepare";
import { roleIds, roleName } from "@gridward/core/domain/roles";
import type { Table } from "@gridward/core/domain/state";
import type { AccountRow, DeviceRow, GroupRow, RoleId } from "@gridward/core/domain/types";
import { accountKind } from "./account-entry.ts";
import { type DirectoryEntry, type EntryKind, makeEntry } from "./entry.ts";
import { deviceKind, groupKind, roleKind, type RoleEntry } from "./other-entries.ts";
import { accountByKey, accountOf, isSameName, unescaped, type Unit, type View } from "./view.ts";

/** Entries that an index gives for a value, and how many they are. */
export interface Candidates {
  readonly size: number;
  readonly entries: () => Iterable<DirectoryEntry>;
}

/** An attribute by canonical name and a value in normal form. */
export interface Wanted {
  readonly name: string;
  readonly normal: string;
}

/** The entries of one branch, whatever rows they are made from. */
export interface Collection {
  readonly unit: Unit;
  readonly namedBy: "uid" | "cn";
  /** In lower case. */
  readonly classes: ReadonlySet<string>;
  readonly hasAttribute: (name: string) => boolean;
  readonly all: (view: View) => Iterable<DirectoryEntry>;
  /** Who may have this value; undefined: no index for the attribute, all must be looked at. */
  readonly lookUp: (view: View, wanted: Wanted) => Candidates | undefined;
}

interface Source<Row extends object> {
  readonly kind: EntryKind<Row>;
  readonly all: (view: View) => Iterable<Row>;
  readonly lookUp: (view: View, wanted: Wanted) => readonly Row[] | undefined;
}

/** In the order in which a search over the whole directory meets them. */
export const collections: readonly Collection[] = [
  collection("people", "uid", {
    kind: accountKind,
    all: (view) => view.state.tables.accounts.values(),
    lookUp: lookUpAccounts,
  }),
  collection("roles", "cn", { kind: roleKind, all: allRoles, lookUp: lookUpRoles }),
  collection("groups", "cn", {
    kind: groupKind,
    all: (view) => view.state.tables.groups.values(),
    lookUp: lookUpGroups,
  }),
  collection("devices", "cn", {
    kind: deviceKind,
    all: (view) => view.state.tables.devices.values(),
    lookUp: (view, { name, normal }) =>
      name === "cn" ? rowsByName(view.state.tables.devices, normal) : undefined,
  }),
];

function collection<Row extends object>(
  unit: Unit,
  namedBy: "uid" | "cn",
  source: Source<Row>,
): Collection {
  const { kind } = source;
  return {
    unit,
    namedBy,
    classes: new Set(kind.classes.map((name) => name.toLowerCase())),
    hasAttribute: (name) => kind.attributes.has(name),
    all: (view) => entriesOf(kind, source.all(view), view),
    lookUp: (view, wanted) => {
      const rows = source.lookUp(view, wanted);
      return rows && { size: rows.length, entries: () => entriesOf(kind, rows, view) };
    },
  };
}

function* entriesOf<Row extends object>(
  kind: EntryKind<Row>,
  rows: Iterable<Row>,
  view: View,
): Generator<DirectoryEntry> {
  for (const row of rows) yield makeEntry(kind, row, view);
}

function lookUpAccounts(view: View, { name, normal }: Wanted): readonly AccountRow[] | undefined {
  switch (name) {
    case "uid":
      return accounts(view, one(view.state.accountsByName.get(normal)));
    case "cn":
      return accounts(view, view.index().byCn.get(normal) ?? []);
    case "uidNumber": {
      const index = view.indexWithUidNumber(Number(normal));
      return accounts(view, one(index.byUidNumber.get(Number(normal))));
    }
    case "memberOf":
      return accounts(view, membersOf(view, normal));
    default: // Other attributes have no index; the name is a text, not a union.
      return undefined;
  }
}

function accounts(view: View, ids: Iterable<AccountId>): readonly AccountRow[] {
  const rows: AccountRow[] = [];
  for (const id of ids) rows.push(...one(accountOf(view, id)));
  return rows;
}

function one<Value>(value: Value | undefined): readonly Value[] {
  return value === undefined ? [] : [value];
}

/** Accounts that may be members of the role or group with this DN in normal form. */
function membersOf(view: View, normal: string): Iterable<AccountId> {
  const key = parseDnKey(normal);
  const [first = "", unit, ...rest] = key.ok ? key.value : [];
  if (!first.startsWith("cn=") || !isSameName(rest, view.base.key)) return [];
  const name = unescaped(first.slice("cn=".length));
  if (unit === "ou=groups") {
    const group = rowsByName(view.state.tables.groups, name)[0];
    return (group && view.state.membersByGroup.get(group.id)?.keys()) ?? [];
  }
  if (unit !== "ou=roles") return [];
  const { byRole } = view.index();
  const role = [...byRole.keys()].find((id) => foldCase(roleName(id)) === name);
  return role === undefined ? [] : (byRole.get(role) ?? []);
}

const roleEntries = new Map<RoleId, RoleEntry>();

/** The standard roles always, private ones while somebody has them. */
function allRoles(view: View): readonly RoleEntry[] {
  const ids = new Set<RoleId>([...Object.values(roleIds), ...view.index().byRole.keys()]);
  return [...ids].map(roleEntry);
}

function roleEntry(role: RoleId): RoleEntry {
  const known = roleEntries.get(role) ?? { role };
  roleEntries.set(role, known);
  return known;
}

function lookUpRoles(view: View, wanted: Wanted): readonly RoleEntry[] | undefined {
  if (wanted.name !== "member") return undefined;
  const account = memberWanted(view, wanted);
  return [...new Set(account?.roles.map(({ role }) => role))].map(roleEntry);
}

function lookUpGroups(view: View, wanted: Wanted): readonly GroupRow[] | undefined {
  if (wanted.name === "cn") return rowsByName(view.state.tables.groups, wanted.normal);
  if (wanted.name !== "member") return undefined;
  const ids = memberWanted(view, wanted)?.groups ?? [];
  return ids.flatMap((id) => one(view.state.tables.groups.get(id)));
}

function memberWanted(view: View, { normal }: Wanted): AccountRow | undefined {
  const key = parseDnKey(normal);
  return key.ok ? accountByKey(view, key.value) : undefined;
}

type NamedRow = GroupRow | DeviceRow;
const namesOfTables = new WeakMap<object, ReadonlyMap<string, unknown>>();

/** Groups and devices change rarely: their names are indexed once for each state of their table. */
function rowsByName<Row extends NamedRow>(table: Table<Row>, name: string): readonly Row[] {
  const keys = namesOfTables.get(table) ?? indexNames(table);
  const key = keys.get(name);
  return typeof key === "string" ? one(table.get(key)) : [];
}

function indexNames<Row extends NamedRow>(table: Table<Row>): ReadonlyMap<string, unknown> {
  const keys = new Map<string, string>();
  for (const [key, row] of table) keys.set(foldCase(row.name).trim(), key);
  namesOfTables.set(table, keys);
  return keys;
}

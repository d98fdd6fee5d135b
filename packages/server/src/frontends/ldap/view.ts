import type { AccountId } from "@gridward/core/base/identity";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import { type Dn, escapeDnValue, normaliseDn, parseDn } from "@gridward/core/codec/ldap/dn";
import { singleKey, type DirectoryState } from "@gridward/core/domain/state";
import type { AccountRow, GroupRow, SystemRow } from "@gridward/core/domain/types";
import type { AccountIndex } from "./account-index.ts";

/** One committed state, seen by one reader at one time: all that entries are made from. */
export interface View {
  readonly state: DirectoryState;
  readonly system: SystemRow;
  readonly base: BaseName;
  readonly at: Instant;
  /** May see lock-outs and password dates (SECADM, SECAUD, ADMINISTRATOR). */
  readonly seesSecurity: boolean;
  readonly index: () => AccountIndex;
  readonly indexWithUidNumber: (uidNumber: number) => AccountIndex;
}

/** The base of the system as it was typed, parsed, and in normal form. */
export interface BaseName {
  readonly text: string;
  readonly dn: Dn;
  readonly key: readonly string[];
}

/** The four branches below the base (design §9). */
export type Unit = "people" | "roles" | "groups" | "devices";
export const units: readonly Unit[] = ["people", "roles", "groups", "devices"];

const baseNames = new WeakMap<SystemRow, BaseName>();

export function baseNameOf(system: SystemRow): BaseName {
  const known = baseNames.get(system);
  if (known !== undefined) return known;
  const parsed = parseDn(system.base);
  const dn = parsed.ok ? parsed.value : []; // System creation refuses a base that is no name.
  const name = { text: system.base, dn, key: normaliseDn(dn) };
  baseNames.set(system, name);
  return name;
}

/** Undefined: a blank server. */
export function systemOf(state: DirectoryState): SystemRow | undefined {
  return state.tables.system.get(singleKey);
}

export function unitDn(view: View, unit: Unit): string {
  return `ou=${unit},${view.base.text}`;
}

export function accountDn(view: View, account: AccountRow): string {
  return `uid=${escapeDnValue(account.name)},${unitDn(view, "people")}`;
}

export function namedDn(view: View, unit: Unit, name: string): string {
  return `cn=${escapeDnValue(name)},${unitDn(view, unit)}`;
}

/** A member is whom the group allows and does not deny. */
export function isMember(account: AccountRow, group: GroupRow): boolean {
  return account.groups.includes(group.id) && !group.deny.includes(account.id);
}

/** The account named by a DN in normal form, if it is below ou=people. */
export function accountByKey(view: View, key: readonly string[]): AccountRow | undefined {
  const [first = "", unit, ...rest] = key;
  if (unit !== "ou=people" || !first.startsWith("uid=") || !isSameName(rest, view.base.key)) {
    return undefined;
  }
  const id = view.state.accountsByName.get(unescaped(first.slice("uid=".length)));
  return id === undefined ? undefined : accountOf(view, id);
}

export function accountOf(view: View, id: AccountId): AccountRow | undefined {
  return view.state.tables.accounts.get(id);
}

export function isSameName(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((part, index) => part === right[index]);
}

/** The plain value of one part in normal form. */
export function unescaped(value: string): string {
  if (!value.includes("\\")) return value;
  const parsed = parseDn(`x=${value}`);
  return parsed.ok ? (parsed.value[0]?.[0]?.value ?? value) : value;
}

/** RFC 4517 §3.3.13, to the second. */
export function generalizedTime(at: Instant): string {
  return `${rfc3339(at).slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
}

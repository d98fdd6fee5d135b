import type { AccountId } from "@gridward/core/base/identity";
import type { Millis } from "@gridward/core/base/time";
import { foldCase } from "@gridward/core/codec/ldap/prepare";
import { singleKey, type DirectoryState, type Table } from "@gridward/core/domain/state";
import type { AccountRow, RoleId } from "@gridward/core/domain/types";
import { indexAgeMax } from "./limits.ts";

/**
 * Accounts by what the state itself has no index for. Whoever looks one up takes the row from the
 * current state and judges it again, so an old index can miss a change but never invent a match.
 */
export interface AccountIndex {
  readonly byCn: ReadonlyMap<string, readonly AccountId[]>;
  readonly byRole: ReadonlyMap<RoleId, readonly AccountId[]>;
  readonly byUidNumber: ReadonlyMap<number, AccountId>;
  /** Numbers below this were all given when the index was built; they are never given again. */
  readonly uidNext: number;
}

/** Keeps the newest index, and builds a new one only as often as its age limit allows. */
export class AccountIndexKeeper {
  readonly #monotonic: () => Millis;
  #table: Table<AccountRow> | undefined;
  #index: AccountIndex | undefined;
  #builtAt: Millis = 0;

  constructor(monotonic: () => Millis) {
    this.#monotonic = monotonic;
  }

  /** Exact when accounts rest; at most `indexAgeMax` behind while they change. */
  current(state: DirectoryState): AccountIndex {
    const { accounts } = state.tables;
    if (this.#index !== undefined && this.#table === accounts) return this.#index;
    const now = this.#monotonic();
    if (this.#index !== undefined && now - this.#builtAt < indexAgeMax) return this.#index;
    return this.#rebuild(state);
  }

  /** As `current`, but never without an account that has this uidNumber. */
  withUidNumber(state: DirectoryState, uidNumber: number): AccountIndex {
    const index = this.current(state);
    const uidNext = state.tables.system.get(singleKey)?.uidNext ?? 0;
    const isTooNew = uidNumber >= index.uidNext && uidNumber < uidNext;
    return isTooNew ? this.#rebuild(state) : index;
  }

  #rebuild(state: DirectoryState): AccountIndex {
    const index = buildIndex(state);
    this.#table = state.tables.accounts;
    this.#index = index;
    this.#builtAt = this.#monotonic();
    return index;
  }
}

function buildIndex(state: DirectoryState): AccountIndex {
  const byCn = new Map<string, AccountId[]>();
  const byRole = new Map<RoleId, AccountId[]>();
  const byUidNumber = new Map<number, AccountId>();
  for (const account of state.tables.accounts.values()) {
    add(byCn, foldCase(commonName(account)).trim(), account.id);
    for (const role of new Set(account.roles.map((assignment) => assignment.role))) {
      add(byRole, role, account.id);
    }
    byUidNumber.set(account.uidNumber, account.id);
  }
  return { byCn, byRole, byUidNumber, uidNext: state.tables.system.get(singleKey)?.uidNext ?? 0 };
}

function add<Key>(index: Map<Key, AccountId[]>, key: Key, id: AccountId): void {
  const ids = index.get(key);
  if (ids === undefined) index.set(key, [id]);
  else ids.push(id);
}

/** inetOrgPerson must have a cn; whoever has no display name is called by the login name. */
export function commonName(account: AccountRow): string {
  return account.displayName === "" ? account.name : account.displayName;
}

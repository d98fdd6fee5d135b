import { ok, type Result } from "@gridward/core/base/result";
import type { Refusal } from "@gridward/core/domain/refusal";
import { findRole } from "@gridward/core/domain/private-roles";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { AccountRow } from "@gridward/core/domain/types";
import { findGroup } from "./find-row.ts";

/** Accounts in a group and with a role, as far as either is asked for; in no order. */
export function chooseAccounts(
  state: DirectoryState,
  wanted: { readonly group?: string | undefined; readonly role?: string | undefined },
): Result<readonly AccountRow[], Refusal> {
  const group = wanted.group === undefined ? ok(null) : findGroup(state, wanted.group);
  if (!group.ok) return group;
  const role = wanted.role === undefined ? ok(null) : findRole(state, wanted.role);
  if (!role.ok) return role;
  const isWanted = (account: AccountRow): boolean =>
    (group.value === null || account.groups.includes(group.value.id)) &&
    (role.value === null || account.roles.some((held) => held.role === role.value));
  return ok([...state.tables.accounts.values()].filter(isWanted));
}

import type { GroupId } from "../base/identity.ts";
import { isAdministrative } from "./roles.ts";
import type { DirectoryState } from "./state.ts";
import type { AccountRow, GroupRow } from "./types.ts";

/** Why an account of a group is, or is not, in the replicas of its devices. */
export type MemberVerdict =
  | "replicated"
  | "replicated as an admitted administrator"
  | "denied in this group"
  | "disabled"
  | "has an administrative role and is not admitted"
  | "has no password";

export interface JudgedMember {
  readonly account: AccountRow;
  readonly replicated: boolean;
  readonly reason: MemberVerdict;
}

/**
 * AM4: who of a group is on its devices, sorted by id. A function of the state alone, not of the
 * time, so that a replica changes only with an entry: dates of roles and locks are judged on the
 * device, and an administrative role counts even outside its dates.
 */
export function replicatedAccounts(state: DirectoryState, id: GroupId): readonly AccountRow[] {
  return judgeMembers(state, id)
    .filter(({ replicated }) => replicated)
    .map(({ account }) => account);
}

/** Every allowed member with the verdict on it, sorted by account id. Empty for an unknown group. */
export function judgeMembers(state: DirectoryState, id: GroupId): readonly JudgedMember[] {
  const group = state.tables.groups.get(id);
  if (group === undefined) return [];
  const denied = new Set(group.deny);
  const members = Array.from(state.membersByGroup.get(id)?.keys() ?? []);
  members.sort();
  return members.flatMap((member) => {
    const account = state.tables.accounts.get(member);
    return account === undefined ? [] : [judged(group, denied, account)];
  });
}

function judged(group: GroupRow, denied: ReadonlySet<string>, account: AccountRow): JudgedMember {
  const reason = verdict(group, denied, account);
  return { account, replicated: reason.startsWith("replicated"), reason };
}

/** Deny wins over everything that lets in. */
function verdict(group: GroupRow, denied: ReadonlySet<string>, account: AccountRow): MemberVerdict {
  if (denied.has(account.id)) return "denied in this group";
  if (!account.enabled) return "disabled";
  if (account.password === null) return "has no password";
  if (!account.roles.some(({ role }) => isAdministrative(role))) return "replicated";
  return group.administrators.includes(account.id)
    ? "replicated as an admitted administrator"
    : "has an administrative role and is not admitted";
}

import type { GroupId } from "../base/identity.ts";
import { isAdministrative } from "./roles.ts";
import type { DirectoryState } from "./state.ts";
import type { AccountRow, GroupRow, PolicyRow } from "./types.ts";

/** Why an account of a group is, or is not, in the replicas of its devices. */
export type MemberVerdict =
  | "replicated"
  | "replicated as an admitted administrator"
  | "denied in this group"
  | "disabled"
  | "has an administrative role and is not admitted"
  | "has no password"
  | "has a PIN for panels, which no replica holds";

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
    return account === undefined ? [] : [judged(state, { group, denied }, account)];
  });
}

interface Admission {
  readonly group: GroupRow;
  readonly denied: ReadonlySet<string>;
}

function judged(state: DirectoryState, admission: Admission, account: AccountRow): JudgedMember {
  const reason = verdict(admission, account, state.tables.policies.get(account.policy));
  return { account, replicated: reason.startsWith("replicated"), reason };
}

/** Deny wins over everything that lets in. */
function verdict(
  { group, denied }: Admission,
  account: AccountRow,
  policy: PolicyRow | undefined,
): MemberVerdict {
  if (denied.has(account.id)) return "denied in this group";
  if (!account.enabled) return "disabled";
  if (account.password === null) return "has no password";
  // So few digits are found in hours by whoever has the device's flash and its key (design §8).
  if (policy?.kind === "panel-pin") return "has a PIN for panels, which no replica holds";
  if (!account.roles.some(({ role }) => isAdministrative(role))) return "replicated";
  return group.administrators.includes(account.id)
    ? "replicated as an admitted administrator"
    : "has an administrative role and is not admitted";
}

import type { AccountId } from "../base/identity.ts";
import { assert } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import type { Fact } from "./fact.ts";
import { changeSetsKept } from "./limits.ts";
import type { MemberOf } from "./member-of.ts";
import type { DirectoryState } from "./state.ts";
import type { AccountBefore, ChangeSetRow, RowChange } from "./types.ts";

/** The change sets that can be undone, newest first. */
export function changeSetsByAge({ tables }: DirectoryState): readonly ChangeSetRow[] {
  return [...tables.changeSets.values()].toSorted(
    (left, right) => right.at - left.at || (left.id < right.id ? 1 : -1),
  );
}

/** What is kept of each account, so that the change set can be undone. */
export function beforeOf(
  { tables }: DirectoryState,
  ids: readonly AccountId[],
): readonly AccountBefore[] {
  return ids.map((id) => {
    const row = tables.accounts.get(id);
    if (row === undefined) return { id, account: null };
    const { displayName, roles, groups, enabled, policy } = row;
    return { id, account: { displayName, roles, groups, enabled, policy } };
  });
}

/** A new one takes the place of the oldest; one that was undone keeps who, when and how many. */
export function changeChangeSets(
  state: DirectoryState,
  fact: MemberOf<Fact, "change-set-recorded" | "change-set-undone">,
  at: Instant,
): readonly RowChange[] {
  const { id, by } = fact;
  if (fact.kind === "change-set-undone") {
    const row = state.tables.changeSets.get(id);
    assert(row !== undefined, `a fact names the change set ${id}, which does not exist`);
    return [{ table: "changeSets", key: id, row: { ...row, before: [], undone: { by, at } } }];
  }
  const { what, accounts } = fact;
  const before = beforeOf(state, accounts);
  const row = { id, what, by, at, accounts: accounts.length, before, undone: null };
  const over = changeSetsByAge(state).slice(changeSetsKept - 1);
  return [
    { table: "changeSets", key: id, row },
    ...over.map(({ id: key }): RowChange => ({ table: "changeSets", key, row: null })),
  ];
}

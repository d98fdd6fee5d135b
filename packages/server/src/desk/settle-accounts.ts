import type { SetRow } from "@gridward/core/api/account-set-routes";
import { canonical } from "@gridward/core/base/canonical";
import type { Instant } from "@gridward/core/base/time";
import type { AccountChange } from "@gridward/core/domain/command";
import { judgeChanges, sentence, type JudgedChange } from "@gridward/core/domain/decide-change-set";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { AccountRow } from "@gridward/core/domain/types";
import type { Planned } from "./plan-import.ts";

/** A plan, judged line by line: what is to be ordered, and what everybody is told. */
export interface Settled {
  readonly changes: readonly AccountChange[];
  readonly rows: readonly SetRow[];
}

/** What is so already is left out of the order. */
export function settle(state: DirectoryState, planned: readonly Planned[], at: Instant): Settled {
  const wanted = planned.flatMap(({ plan }) =>
    plan.ok && plan.value.kind !== "left" ? [plan.value] : [],
  );
  const judged = new Map<AccountChange, JudgedChange>();
  for (const [index, one] of judgeChanges(state, wanted, at).entries()) {
    const change = wanted[index];
    if (change !== undefined) judged.set(change, one);
  }
  const changes = wanted.filter((change) => {
    const one = judged.get(change);
    return one?.ok === true && one.value.facts.length > 0;
  });
  return { changes, rows: planned.map((one) => rowOf(one, judged)) };
}

function rowOf(
  { line, name, plan }: Planned,
  judged: ReadonlyMap<AccountChange, JudgedChange>,
): SetRow {
  const row = { line, name, changes: [], reason: null, code: null };
  if (!plan.ok) return { ...row, outcome: "refused", reason: sentence(plan.error) };
  const { value } = plan;
  if (value.kind === "left") {
    return { ...row, outcome: value.outcome, reason: value.why };
  }
  const one = judged.get(value);
  if (one === undefined) return { ...row, outcome: "unchanged" };
  if (!one.ok) return { ...row, outcome: "refused", reason: sentence(one.error) };
  const changes = changesBetween(one.value);
  return { ...row, outcome: outcomeOf(value, one.value, changes), changes };
}

function outcomeOf(
  { kind }: AccountChange,
  {
    before,
    after,
    facts,
  }: {
    readonly before: AccountRow | null;
    readonly after: AccountRow | null;
    readonly facts: readonly unknown[];
  },
  changes: readonly string[],
): SetRow["outcome"] {
  if (kind !== "update") return kind;
  if (facts.length === 0) return "unchanged";
  const isDisabled = before?.enabled === true && after?.enabled === false;
  return isDisabled && changes.length === 1 ? "disable" : "update";
}

function changesBetween({
  before,
  after,
}: {
  readonly before: AccountRow | null;
  readonly after: AccountRow | null;
}): readonly string[] {
  if (before === null || after === null) return [];
  const pairs = [
    ["display_name", before.displayName, after.displayName],
    ["roles", before.roles, after.roles],
    ["groups", before.groups.toSorted(), after.groups.toSorted()],
    ["policy", before.policy, after.policy],
    ["enabled", before.enabled, after.enabled],
  ] as const;
  return pairs.flatMap(([name, was, is]) => (canonical(was) === canonical(is) ? [] : [name]));
}

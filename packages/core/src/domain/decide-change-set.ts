import { utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import type { AccountId } from "../base/identity.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Instant } from "../base/time.ts";
import { canAdminister, holdsSecadmForGood } from "./administrators.ts";
import { beforeOf } from "./change-sets.ts";
import type { AccountChange, Submission } from "./command.ts";
import { checkDisplayName, checkGroups, checkRoleAssignments } from "./decide-account.ts";
import { decided, type CommandOf, type Decision } from "./decision.ts";
import type { Fact } from "./fact.ts";
import {
  accountsPerCommandMax,
  changeSetBytesMax,
  codeValidityMax,
  factsPerEntryMax,
} from "./limits.ts";
import { parseAccountName } from "./names.ts";
import { refuse, refusalSpec, type Refusal } from "./refusal.ts";
import { singleKey, type DirectoryState } from "./state.ts";
import type { AccountBefore, AccountRow } from "./types.ts";

/** One account of a change set, judged: what it is and what it becomes. */
interface Judged {
  readonly id: AccountId;
  readonly before: AccountRow | null;
  readonly after: AccountRow | null;
  /** None where the account is as ordered already. */
  readonly facts: readonly Fact[];
}

export type JudgedChange = Result<Judged, Refusal>;

/** AM6: all of the changes or none; the refusal names those that cannot be made. */
export function changeAccounts(
  state: DirectoryState,
  command: CommandOf<"change-accounts">,
  { at, actor }: Submission,
): Decision {
  const { id, what, changes } = command;
  if (changes.length === 0) return refuse("account.none", "");
  if (changes.length > accountsPerCommandMax || sizeOf(changes) > changeSetBytesMax) {
    return refuse("account.too-many", `${changes.length} accounts`);
  }
  const judged = judgeChanges(state, changes, at);
  const wrong = judged.flatMap((one, index) =>
    one.ok ? [] : `${nameOf(state, changes[index])}: ${sentence(one.error)}`,
  );
  if (wrong.length > 0) return refuse("account.bad-rows", several(wrong));
  const made = judged.flatMap((one) => (one.ok && one.value.facts.length > 0 ? one.value : []));
  if (made.length === 0) return refuse("account.unchanged", `${changes.length} accounts`);
  const facts = made.flatMap((one) => one.facts);
  const accounts = made.map((one) => one.id);
  // What was deleted, or locked before, is not kept: that cannot be undone.
  const canBeUndone = changes.every(({ kind }) => kind === "create" || kind === "update");
  const record: Fact = { kind: "change-set-recorded", id, what, by: actor.name, accounts };
  const all = canBeUndone ? [record, ...facts] : facts;
  const isTooLarge =
    all.length > factsPerEntryMax ||
    sizeOf(all) > changeSetBytesMax ||
    sizeOf(beforeOf(state, accounts)) > changeSetBytesMax;
  if (isTooLarge) return refuse("account.too-many", `${accounts.length} accounts`);
  return decided(all, canBeUndone ? { id, count: accounts.length } : { count: accounts.length });
}

/** Each change for itself, and all of them as far as they concern each other. */
export function judgeChanges(
  state: DirectoryState,
  changes: readonly AccountChange[],
  at: Instant,
): readonly JudgedChange[] {
  const names = new Set<string>();
  const ids = new Set<string>();
  let uidNumber = state.tables.system.get(singleKey)?.uidNext ?? 0;
  const judged = changes.map((change): JudgedChange => {
    if (ids.has(change.id)) return refuse("account.repeated", nameOf(state, change));
    ids.add(change.id);
    if (change.kind !== "create") return judgeChange(state, change, at);
    const created = judgeCreation(state, change, { at, uidNumber });
    if (!created.ok) return created;
    const { name } = created.value;
    if (names.has(name)) return refuse("account.repeated", name);
    names.add(name);
    uidNumber += 1;
    const facts: readonly Fact[] = [{ kind: "account-created", account: created.value }];
    return ok({ id: change.id, before: null, after: created.value, facts });
  });
  return keepAdministrator(state, judged, at);
}

function judgeCreation(
  state: DirectoryState,
  change: Extract<AccountChange, { readonly kind: "create" }>,
  { at, uidNumber }: { readonly at: Instant; readonly uidNumber: number },
): Result<AccountRow, Refusal> {
  const { id, displayName, roles, groups, policy, enabled, code } = change;
  const name = parseAccountName(change.name);
  if (!name.ok) return name;
  if (state.accountsByName.has(name.value) || state.tables.accounts.has(id)) {
    return refuse("account.exists", name.value);
  }
  const refusal =
    checkDisplayName(displayName) ?? checkRoleAssignments(roles) ?? checkGroups(state, change);
  if (refusal !== undefined) return err(refusal);
  if (!state.tables.policies.has(policy)) return refuse("policy.not-found", policy);
  if (code !== null && !(code.expiresAt > at && code.expiresAt <= at + codeValidityMax)) {
    return refuse("account.bad-code", name.value);
  }
  return ok({
    id,
    name: name.value,
    displayName: displayName.trim() || name.value,
    uidNumber,
    roles,
    groups,
    enabled,
    password: null,
    code,
    lockedUntil: null,
    policy,
    createdAt: at,
    changedAt: at,
  });
}

function judgeChange(
  state: DirectoryState,
  change: Exclude<AccountChange, { readonly kind: "create" }>,
  at: Instant,
): JudgedChange {
  const { id } = change;
  const before = state.tables.accounts.get(id);
  if (before === undefined) return refuse("account.not-found", id);
  if (before.changedAt !== change.seen) return refuse("account.changed-meanwhile", before.name);
  switch (change.kind) {
    case "delete":
      return ok({ id, before, after: null, facts: [{ kind: "account-deleted", id }] });
    case "unlock": {
      // A server may block before the journal says so, so an unlock is right without a lock, too.
      const after = { ...before, lockedUntil: null, changedAt: at };
      return ok({ id, before, after, facts: [{ kind: "account-unlocked", id }] });
    }
    case "update": {
      const { kind: _, seen: __, ...wanted } = change;
      const after = { ...before, ...wanted };
      const refusal =
        checkDisplayName(after.displayName) ??
        checkRoleAssignments(after.roles) ??
        checkGroups(state, after);
      if (refusal !== undefined) return err(refusal);
      if (!state.tables.policies.has(after.policy)) return refuse("policy.not-found", after.policy);
      return ok({ id, before, after, facts: factsBetween(before, after) });
    }
  }
}

/** What leads from one to the other; nothing where they are the same. */
function factsBetween(before: AccountRow, after: AccountRow): readonly Fact[] {
  const { id, displayName, roles, policy } = after;
  const facts: Fact[] = [];
  if (
    canonical([before.displayName, before.roles, before.policy]) !==
    canonical([displayName, roles, policy])
  ) {
    facts.push({ kind: "account-updated", id, displayName, roles, policy });
  }
  for (const group of before.groups) {
    if (!after.groups.includes(group)) facts.push({ kind: "group-left", id: group, account: id });
  }
  for (const group of after.groups) {
    if (!before.groups.includes(group)) {
      facts.push({ kind: "group-joined", id: group, account: id });
    }
  }
  if (before.enabled !== after.enabled) {
    facts.push({ kind: after.enabled ? "account-enabled" : "account-disabled", id });
  }
  return facts;
}

/** AM8, for all of it together: two administrators disabled at once are none that is left. */
function keepAdministrator(
  state: DirectoryState,
  judged: readonly JudgedChange[],
  at: Instant,
): readonly JudgedChange[] {
  const isAdministrator = (account: AccountRow | null): boolean =>
    account !== null && account.enabled && holdsSecadmForGood(account.roles, at);
  const isLost = (one: JudgedChange): boolean =>
    one.ok && isAdministrator(one.value.before) && !isAdministrator(one.value.after);
  if (!judged.some(isLost) || isAdministered(state, judged, at)) return judged;
  return judged.map((one) =>
    one.ok && isLost(one)
      ? refuse("account.last-security-administrator", one.value.before?.name ?? "")
      : one,
  );
}

/** Is there anybody who can manage accounts once all of this was done? */
function isAdministered(
  state: DirectoryState,
  judged: readonly JudgedChange[],
  at: Instant,
): boolean {
  const after = new Map(judged.flatMap((one) => (one.ok ? [[one.value.id, one.value.after]] : [])));
  for (const account of state.tables.accounts.values()) {
    const row = after.has(account.id) ? after.get(account.id) : account;
    if (row && canAdminister(state, row, at)) return true;
  }
  return false;
}

/** The inverse of a change set, as long as nobody changed one of its accounts since. */
export function undoChangeSet(
  state: DirectoryState,
  { id }: CommandOf<"undo-change-set">,
  { at, actor }: Submission,
): Decision {
  const row = state.tables.changeSets.get(id);
  if (row === undefined) return refuse("change-set.not-found", id.slice(0, 64));
  if (row.undone !== null) return refuse("change-set.undone", id);
  const judged = keepAdministrator(
    state,
    row.before.map((one) => judgeUndo(state, one, row.at)),
    at,
  );
  const wrong = judged.flatMap((one, index) =>
    one.ok ? [] : `${nameOf(state, row.before[index])}: ${sentence(one.error)}`,
  );
  if (wrong.length > 0) return refuse("change-set.changed-since", several(wrong));
  const facts = judged.flatMap((one) => (one.ok ? one.value.facts : []));
  const undone: Fact = { kind: "change-set-undone", id, by: actor.name };
  return decided([...facts, undone], { id, count: row.before.length });
}

function judgeUndo(
  state: DirectoryState,
  { id, account }: AccountBefore,
  doneAt: Instant,
): JudgedChange {
  const before = state.tables.accounts.get(id);
  if (before === undefined) return refuse("account.not-found", id);
  if (before.changedAt !== doneAt) return refuse("account.changed-meanwhile", before.name);
  if (account === null) {
    return ok({ id, before, after: null, facts: [{ kind: "account-deleted", id }] });
  }
  const after = { ...before, ...account };
  const refusal = checkGroups(state, after);
  if (refusal !== undefined) return err(refusal);
  return ok({ id, before, after, facts: factsBetween(before, after) });
}

/** What is wrong with one account, in words. */
export function sentence({ code, detail }: Refusal): string {
  const says = refusalSpec(code).says.replace(/\.$/, "");
  return detail === "" ? says : `${says} (${detail})`;
}

function nameOf(
  { tables }: DirectoryState,
  one: { readonly id: AccountId; readonly name?: string } | undefined,
): string {
  if (one === undefined) return "";
  return (one.name ?? tables.accounts.get(one.id)?.name ?? one.id).slice(0, 64);
}

const namedMost = 20;

/** The first of them, and how many more there are. */
export function several(wrong: readonly string[]): string {
  const more = wrong.length - namedMost;
  return wrong.slice(0, namedMost).join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function sizeOf(value: Parameters<typeof canonical>[0]): number {
  return utf8(canonical(value)).length;
}

import type { ImportBody, ImportLine } from "@gridward/core/api/account-set-routes";
import { accountId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { AccountChange } from "@gridward/core/domain/command";
import { normaliseName } from "@gridward/core/domain/names";
import { firstPolicy } from "@gridward/core/domain/policies";
import type { Refusal } from "@gridward/core/domain/refusal";
import { isAdministrative } from "@gridward/core/domain/roles";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { AccountRow, CodeCredential } from "@gridward/core/domain/types";
import { freshId } from "@gridward/runtime/os/random";
import { findAccount, findGroup } from "./find-row.ts";
import { readRoles, withValidity } from "./read-roles.ts";

/** What is to become of one account, or why it is left as it is. */
export type Plan =
  | AccountChange
  | { readonly kind: "left"; readonly outcome: "skipped" | "kept"; readonly why: string };

export interface Planned {
  readonly line: number | null;
  readonly name: string;
  readonly plan: Result<Plan, Refusal>;
}

export interface ImportWish {
  readonly body: ImportBody;
  /** Who imports is not shut out by a file that does not name them. */
  readonly caller: string;
  readonly codeFor: (name: string) => CodeCredential | null;
}

/** Every line of a file against the accounts that are there, and then those that it does not name. */
export function planImport(state: DirectoryState, wish: ImportWish): readonly Planned[] {
  const { body } = wish;
  const lines = body.rows.map((line): Planned => {
    const name = normaliseName(line.name);
    return { line: line.line, name, plan: planLine(state, wish, line) };
  });
  if (body.missing !== "disable") return lines;
  const named = new Set(lines.map(({ name }) => name));
  const missing = [...state.tables.accounts.values()]
    .filter(({ name, enabled }) => enabled && !named.has(name))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return [...lines, ...missing.map((account) => planMissing(account, wish.caller))];
}

/** A file of people need not name those who run the system: they are disabled by name alone. */
function planMissing(account: AccountRow, caller: string): Planned {
  const { id, name, roles, changedAt: seen } = account;
  const place = { line: null, name };
  const isAdministrator = roles.some(({ role }) => isAdministrative(role));
  if (id !== caller && !isAdministrator) {
    return { ...place, plan: ok({ kind: "update", id, seen, enabled: false }) };
  }
  const why = id === caller ? "it is your own account" : "it has an administrative role";
  return { ...place, plan: ok({ kind: "left", outcome: "kept", why }) };
}

function planLine(state: DirectoryState, wish: ImportWish, line: ImportLine): Planned["plan"] {
  const found = findAccount(state, line.name);
  if (!found.ok) return planNew(state, wish, line);
  if (wish.body.on_existing !== "update") {
    return ok({ kind: "left", outcome: "skipped", why: "the account exists" });
  }
  return planKnown(state, found.value, restrict(line, wish.body.update));
}

function planNew(
  state: DirectoryState,
  { body, codeFor }: ImportWish,
  line: ImportLine,
): Planned["plan"] {
  const name = normaliseName(line.name);
  const roles = readRoles(state, line.roles ?? body.roles ?? []);
  const dated = roles.ok ? withValidity(roles.value, line) : roles;
  if (!dated.ok) return dated;
  const groups = findGroups(state, line.groups ?? body.groups ?? []);
  if (!groups.ok) return groups;
  return ok({
    kind: "create",
    id: accountId(freshId()),
    name,
    displayName: line.display_name ?? "",
    roles: dated.value,
    groups: groups.value,
    policy: line.policy ?? body.policy ?? firstPolicy,
    enabled: line.enabled ?? true,
    code: codeFor(name),
  });
}

/** What of a line an existing account takes. */
function restrict(line: ImportLine, fields: ImportBody["update"]): ImportLine {
  if (fields === undefined) return line;
  const taken = new Set<string>(fields);
  const { line: number, name, valid_from: from, valid_until: until, ...rest } = line;
  const dates = taken.has("validity") ? { valid_from: from, valid_until: until } : {};
  const members = Object.entries(rest).filter(([field]) => taken.has(field));
  return { line: number, name, ...Object.fromEntries(members), ...dates };
}

function planKnown(state: DirectoryState, account: AccountRow, line: ImportLine): Planned["plan"] {
  const { policy, enabled, display_name: displayName } = line;
  const roles = line.roles === undefined ? ok(account.roles) : readRoles(state, line.roles);
  const isDated = line.valid_from !== undefined || line.valid_until !== undefined;
  const dated = roles.ok && isDated ? withValidity(roles.value, line) : roles;
  if (!dated.ok) return dated;
  const groups = line.groups === undefined ? ok(account.groups) : findGroups(state, line.groups);
  if (!groups.ok) return groups;
  return ok({
    kind: "update",
    id: account.id,
    seen: account.changedAt,
    roles: dated.value,
    groups: groups.value,
    ...(displayName === undefined ? {} : { displayName }),
    ...(policy === undefined ? {} : { policy }),
    ...(enabled === undefined ? {} : { enabled }),
  });
}

export function findGroups(
  state: DirectoryState,
  names: readonly string[],
): Result<AccountRow["groups"], Refusal> {
  const ids: AccountRow["groups"][number][] = [];
  for (const name of names) {
    const group = findGroup(state, name);
    if (!group.ok) return err(group.error);
    ids.push(group.value.id);
  }
  return ok(ids);
}

import {
  accountSetRoutes,
  type AccountExportRow,
  type ImportBody,
  type SetAnswer,
  type SetRow,
} from "@gridward/core/api/account-set-routes";
import type { ChangeAnswer } from "@gridward/core/api/route";
import { err, ok, type Result } from "@gridward/core/base/result";
import { rfc3339 } from "@gridward/core/base/time";
import { changeSetsByAge } from "@gridward/core/domain/change-sets";
import type { Command } from "@gridward/core/domain/command";
import { several } from "@gridward/core/domain/decide-change-set";
import { normaliseName } from "@gridward/core/domain/names";
import type { Refusal } from "@gridward/core/domain/refusal";
import { singleKey, type DirectoryState } from "@gridward/core/domain/state";
import type { AccountRow, ChangeSetRow } from "@gridward/core/domain/types";
import { groupNames } from "@gridward/core/domain/views";
import { freshId } from "@gridward/runtime/os/random";
import { firstCodeValidity } from "./account-endpoints.ts";
import { codesOf, type Codes } from "./account-codes.ts";
import type { Caller } from "./caller.ts";
import { chooseAccounts } from "./choose-accounts.ts";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { checkTakesChanges, giveOrder, repeatedAnswer, systemKeyOf } from "./order.ts";
import { pageOfRows } from "./page.ts";
import { planBulk } from "./plan-bulk.ts";
import { planImport, type Planned } from "./plan-import.ts";
import { settle } from "./settle-accounts.ts";
import { showRole, timeOrNull } from "./show-account.ts";

/** AM6: many accounts at once, in and out; see `accountSetRoutes` for what each does. */
export function accountSetEndpoints(
  parts: DeskParts,
): Readonly<Record<keyof typeof accountSetRoutes, Endpoint>> {
  const { front } = parts;
  return {
    accountImport: importAccounts(parts),
    accountChange: endpoint(accountSetRoutes.accountChange, async ({ query, body }, caller) => {
      const repeated = repeatedAnswer(front, caller);
      if (repeated !== undefined) return ok(firstOutcome(front.state(), repeated));
      const planned = planBulk(front.state(), body);
      if (!planned.ok) return planned;
      const order = { what: "bulk", caller, dryRun: query.dry_run } as const;
      return orderAll(parts, planned.value, order);
    }),
    changeSetList: endpoint(accountSetRoutes.changeSetList, () =>
      ok({ rows: changeSetsByAge(front.state()).map(showChangeSet) }),
    ),
    changeSetUndo: endpoint(accountSetRoutes.changeSetUndo, async ({ params, query }, caller) => {
      const row = findChangeSet(front.state(), params.id);
      if (!row.ok) return row;
      const { id, accounts } = row.value;
      const command = { kind: "undo-change-set", id } as const;
      const repeated = repeatedAnswer(front, caller);
      const done =
        repeated === undefined
          ? await giveOrder(front, { command, caller, dryRun: query.dry_run })
          : ok(repeated);
      return done.ok ? ok({ ...done.value, accounts }) : done;
    }),
    accountExport: endpoint(accountSetRoutes.accountExport, ({ query }) => {
      const state = front.state();
      const chosen = chooseAccounts(state, query);
      if (!chosen.ok) return chosen;
      const rows = chosen.value.map((account) => exportRow(state, account));
      return pageOfRows(rows, query, (row) => `${row.name} ${row.display_name}`);
    }),
  };
}

function importAccounts(parts: DeskParts): Endpoint {
  const { front, systemKey } = parts;
  return endpoint(accountSetRoutes.accountImport, async ({ query, body }, caller) => {
    const takes = checkTakesChanges(front);
    if (!takes.ok) return takes;
    const key = systemKeyOf(systemKey);
    if (!key.ok) return key;
    const codes = body.codes === true ? codesOf(key.value, caller.requestId) : null;
    const repeated = repeatedAnswer(front, caller);
    if (repeated !== undefined) {
      return ok(firstOutcome(front.state(), repeated, { rows: body.rows, codes }));
    }
    const expiresAt = front.now() + firstCodeValidity;
    const planned = planImport(front.state(), {
      body,
      caller: caller.actor.id,
      codeFor: (name) => codes && { verifier: codes.sealed(name), expiresAt },
    });
    const order = { what: "import", caller, dryRun: query.dry_run } as const;
    const done = await orderAll(parts, planned, order);
    if (!done.ok || codes === null || done.value.sequence === null) return done;
    const rows = done.value.rows.map((row) => withCode(row, codes));
    return ok({ ...done.value, rows, code_expires_at: rfc3339(expiresAt) });
  });
}

interface SetOrder {
  readonly what: ChangeSetRow["what"];
  readonly caller: Caller;
  readonly dryRun: boolean | undefined;
}

/** All that is planned in one command, or the refusal that names every line which cannot be. */
async function orderAll(
  { front }: DeskParts,
  planned: readonly Planned[],
  { what, caller, dryRun }: SetOrder,
): Promise<Result<SetAnswer, Refusal>> {
  const { changes, rows } = settle(front.state(), planned, front.now());
  const nothing = {
    sequence: null,
    id: null,
    dry_run: dryRun === true,
    change_set: null,
    code_expires_at: null,
    rows,
  };
  const refused = rows.filter(({ outcome }) => outcome === "refused");
  if (refused.length > 0) {
    if (dryRun === true) return ok(nothing);
    return err({ code: "account.bad-rows", detail: several(refused.map(lineText)) });
  }
  if (changes.length === 0) return ok(nothing);
  const command: Command = { kind: "change-accounts", id: freshId(), what, changes };
  // Judged here first: what is too large for a change is too large for the way to the Main.
  const tried = await giveOrder(front, { command, caller, dryRun: true });
  if (!tried.ok) return tried;
  if (dryRun === true) return ok(nothing);
  const done = await giveOrder(front, { command, caller, dryRun });
  return done.ok ? ok({ ...nothing, ...done.value, change_set: done.value.id }) : done;
}

function lineText({ line, name, reason }: SetRow): string {
  const place = line === null ? "" : `line ${line}, `;
  return `${place}${name.slice(0, 64)}: ${reason ?? ""}`;
}

function withCode(row: SetRow, codes: Codes): SetRow {
  return row.outcome === "create" ? { ...row, code: codes.code(row.name).reveal() } : row;
}

/** A retry finds what was done, by what is kept for undoing it. */
function firstOutcome(
  state: DirectoryState,
  repeated: ChangeAnswer,
  file: { readonly rows: ImportBody["rows"]; readonly codes: Codes | null } | null = null,
): SetAnswer {
  const lines = new Map(file?.rows.map(({ name, line }) => [normaliseName(name), line]));
  let codeEnd: number | null = null;
  const rows = (state.tables.changeSets.get(repeated.id ?? "")?.before ?? []).flatMap((one) => {
    const account = state.tables.accounts.get(one.id);
    if (account === undefined) return [];
    const { name, code } = account;
    const line = lines.get(name) ?? null;
    const outcome = one.account === null ? ("create" as const) : ("update" as const);
    const row: SetRow = { line, name, outcome, changes: [], reason: null, code: null };
    if (!file?.codes) return [row];
    codeEnd ??= code?.expiresAt ?? null;
    return [withCode(row, file.codes)];
  });
  return { ...repeated, change_set: repeated.id, code_expires_at: timeOrNull(codeEnd), rows };
}

function findChangeSet(state: DirectoryState, text: string): Result<ChangeSetRow, Refusal> {
  const wanted = text.toUpperCase();
  const found = [...state.tables.changeSets.values()].filter(({ id }) => id.startsWith(wanted));
  const [row] = found;
  if (row === undefined) return err({ code: "change-set.not-found", detail: text });
  return found.length === 1 ? ok(row) : err({ code: "change-set.several", detail: text });
}

function showChangeSet({ id, what, by, at, accounts, undone }: ChangeSetRow) {
  return {
    id,
    what,
    by,
    at: rfc3339(at),
    accounts,
    undone_by: undone?.by ?? null,
    undone_at: timeOrNull(undone?.at ?? null),
  };
}

function exportRow(state: DirectoryState, account: AccountRow): AccountExportRow {
  const { name, displayName, roles, policy, enabled, uidNumber } = account;
  const base = state.tables.system.get(singleKey)?.base ?? "";
  return {
    name,
    display_name: displayName,
    // A login name has no character that a distinguished name would escape.
    dn: `uid=${name},ou=people,${base}`,
    role_assignments: roles.map((role) => showRole(state, role)),
    groups: groupNames(state, account),
    policy,
    enabled,
    uid_number: uidNumber,
  };
}

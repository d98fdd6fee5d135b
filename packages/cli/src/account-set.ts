import type { Command } from "commander";
import {
  accountSetRoutes,
  type ChangeBody,
  type SetAnswer,
  type SetRow,
} from "@gridward/core/api/account-set-routes";
import { ok, type Result } from "@gridward/core/base/result";
import type { Answered } from "./api-client.ts";
import { carryOut, changeQuery, confirm, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { order, shown, shownRows } from "./order.ts";

/** How accounts are chosen where they are not named. */
export interface Choice {
  readonly ofGroup?: string;
  readonly ofRole?: string;
}

export function addChoice(verb: Command): Command {
  return verb
    .option("--of-group <group>", "in place of names: all that are in this group")
    .option("--of-role <role>", "in place of names: all that have this role");
}

/** One account is an order of its own; several, or a choice, are one change set. */
export function isOne(names: readonly string[], { ofGroup, ofRole }: Choice): boolean {
  return names.length === 1 && ofGroup === undefined && ofRole === undefined;
}

/** Carries a change out for all of them or none; --dry-run shows each. */
export async function changeAll(
  cli: Cli,
  asked: Asked,
  what: {
    readonly names: readonly string[];
    readonly choice: Choice;
    readonly change: ChangeBody["change"];
  },
): Promise<Outcome> {
  const accounts = readChoice(what.names, what.choice);
  if (!accounts.ok) return accounts;
  const body = { accounts: accounts.value, change: what.change };
  const route = accountSetRoutes.accountChange;
  if (what.change.action === "delete" && !asked.dryRun && !asked.yes) {
    const input = { params: {}, query: { dry_run: "true" as const }, body };
    const tried = await order({ cli, asked }, route, input);
    if (!tried.ok) return tried;
    const names = tried.value.data.rows.map(({ name }) => name);
    const question = `${names.length} accounts will be deleted: ${names.slice(0, 20).join(", ")}.`;
    const sure = await confirm(cli, asked, { question, answer: "delete" });
    if (!sure.ok) return sure;
  }
  const done = await order({ cli, asked }, route, { params: {}, query: changeQuery(asked), body });
  if (!done.ok) return done;
  if (!asked.dryRun) tellSet(cli, asked, done.value.data);
  return shownSet(done.value);
}

function readChoice(
  names: readonly string[],
  { ofGroup: group, ofRole: role }: Choice,
): Result<ChangeBody["accounts"], CommandFailure> {
  const isChosen = group !== undefined || role !== undefined;
  if (names.length > 0 === isChosen) {
    return failed("client.wrong-use", "names of accounts, or --of-group or --of-role");
  }
  if (names.length > 0) return ok({ names: [...names] });
  if (group === undefined) return ok({ role: role ?? "" });
  return ok({ group, ...(role === undefined ? {} : { role }) });
}

export const setColumns = ["line", "name", "outcome", "changes", "reason"] as const;

/** Every account with its outcome; codes go to their file alone. */
export function shownSet({ data, meta }: Answered<SetAnswer>): Outcome {
  return ok({ data: data.rows.map(withoutCode), meta, columns: setColumns });
}

export function withoutCode({
  line,
  name,
  outcome,
  changes,
  reason,
}: SetRow): Omit<SetRow, "code"> {
  return { line, name, outcome, changes, reason };
}

/** How many became what, and how it is undone. */
export function tellSet(
  cli: Cli,
  asked: Asked,
  {
    rows,
    change_set: id,
  }: { readonly rows: readonly SetRow[]; readonly change_set: string | null },
): void {
  const counts = new Map<string, number>();
  for (const { outcome } of rows) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const text = [...counts].map(([outcome, count]) => `${outcome} ${count}`).join(", ");
  talk(cli, asked, `note: ${text}`);
  if (id !== null) talk(cli, asked, `note: undo it with \`gridward account undo ${id}\``);
}

/** gridward account change-sets, account undo */
export function addUndoVerbs(account: Command, cli: Cli): void {
  account
    .command("change-sets")
    .description("list the newest imports and changes of several accounts, which can be undone")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: {}, query: {}, body: null };
        return shownRows(await order({ cli, asked }, accountSetRoutes.changeSetList, input));
      }),
    );
  account
    .command("undo <change-set>")
    .description("make every account of a change set what it was before, all or none of them")
    .action(async (id: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const question = `All accounts of the change set ${id} become what they were before it; those that it created are deleted.`;
        const sure = await confirm(cli, asked, { question, answer: "undo" });
        if (!sure.ok) return sure;
        const input = { params: { id }, query: changeQuery(asked), body: null };
        return shown(await order({ cli, asked }, accountSetRoutes.changeSetUndo, input));
      }),
    );
}

import type { Command } from "commander";
import type * as z from "zod";
import { serverRoutes } from "@gridward/core/api/server-routes";
import { ok, type Result } from "@gridward/core/base/result";
import type { Answered } from "./api-client.ts";
import { carryOut, confirm, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import type { CommandFailure } from "./failure.ts";
import { order } from "./order.ts";

/** gridward pair remove: a server that is gone for good. */
export function addRemoveVerb(pair: Command, cli: Cli): void {
  pair
    .command("remove")
    .description("take a server that is gone for good out of the system")
    .requiredOption("--name <name>", "server that shall be no part of the system any more")
    .action(async ({ name }: { readonly name: string }, command: Command) =>
      carryOut(cli, command, async (asked) => remove(cli, asked, name)),
    );
}

/** Tried first: what would be refused is not asked about, and what would be lost is told before. */
async function remove(cli: Cli, asked: Asked, name: string): Promise<Outcome> {
  const body = { name };
  const trial = { params: {}, query: { dry_run: "true" }, body } as const;
  const tried = await order({ cli, asked }, serverRoutes.pairRemove, trial);
  if (!tried.ok) return tried;
  for (const note of tried.value.data.notes) talk(cli, asked, note);
  if (asked.dryRun) return briefly(tried);
  const question = `${name} returns only as a new server, with a new invitation.`;
  const sure = await confirm(cli, asked, { question, answer: name });
  if (!sure.ok) return sure;
  const input = { params: {}, query: {}, body };
  return briefly(await order({ cli, asked }, serverRoutes.pairRemove, input));
}

type Removed = z.output<typeof serverRoutes.pairRemove.answer>;

/** People have just read the notes; programs find them in the answer. */
function briefly(answered: Result<Answered<Removed>, CommandFailure>): Outcome {
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  const { notes: _, ...table } = data;
  return ok({ data, table, meta });
}

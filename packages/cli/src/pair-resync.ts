import type { Command } from "commander";
import * as z from "zod";
import { ok } from "@gridward/core/base/result";
import { carryOut, confirm, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { cannotBeTried, failed } from "./failure.ts";
import { askServerProgram } from "./server-program.ts";

const said = z.object({
  done: z.object({ replaced: z.string().nullable(), from: z.array(z.string()) }),
});

/** gridward pair resync */
export function addResyncVerb(pair: Command, cli: Cli): void {
  pair
    .command("resync")
    .description("let a stopped server with an unusable database get it anew (with --local DIR)")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => resync(cli, asked)),
    );
}

async function resync(cli: Cli, asked: Asked): Promise<Outcome> {
  const { local } = asked;
  if (local === null) return failed("client.wrong-use", "--local DIR is needed");
  if (asked.dryRun) return cannotBeTried();
  const question = `The database in ${local} will be put aside.`;
  const sure = cli.program.isInteractive
    ? await confirm(cli, asked, { question, answer: "resync" })
    : ok(null);
  if (!sure.ok) return sure;
  const done = askServerProgram("resync", local, said);
  if (!done.ok) return done;
  talk(cli, asked, `Now run \`gridward server run ${local}\`.`);
  return ok({ data: done.value.done, meta: null });
}

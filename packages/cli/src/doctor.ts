import type { Command } from "commander";
import * as z from "zod";
import { exitCode } from "@gridward/core/api/exit-code";
import { ok } from "@gridward/core/base/result";
import { type Asked, carryOut, type Cli, type Outcome, talk } from "./cli.ts";
import { askServerProgram } from "./server-program.ts";

const report = z.object({
  ok: z.boolean(),
  findings: z.array(
    z.object({
      id: z.string(),
      ok: z.boolean(),
      says: z.string(),
      remedy: z.string().nullable(),
    }),
  ),
});

const repaired = z.object({
  done: z.object({
    did: z.enum(["nothing", "issued", "temporary"]),
    dry_run: z.boolean(),
    found: z.string(),
    says: z.string(),
    certificate: z.object({ fingerprint: z.string(), not_after: z.string() }),
    next: z.string(),
  }),
});

/** gridward doctor */
export function addDoctorVerb(root: Command, cli: Cli): void {
  root
    .command("doctor <dir>")
    .description("verify journal, control record, keys and certificates of a data directory")
    .option("--repair", "make new certificates for a stopped server whose own have ended")
    .action(async (dir: string, options: { readonly repair?: boolean }, command: Command) =>
      carryOut(cli, command, async (asked) =>
        options.repair === true ? repair(cli, asked, dir) : examine(dir),
      ),
    );
}

function repair(cli: Cli, asked: Asked, directory: string): Outcome {
  const word = JSON.stringify({ directory, isTry: asked.dryRun });
  const answer = askServerProgram("repair", word, repaired);
  if (!answer.ok) return answer;
  const { done } = answer.value;
  talk(cli, asked, `${done.found}\n${done.says}\n${done.next}`);
  return ok({ data: done, meta: null });
}

function examine(directory: string): Outcome {
  const examined = askServerProgram("doctor", directory, report);
  if (!examined.ok) return examined;
  const { findings } = examined.value;
  const exit = examined.value.ok ? exitCode.done : exitCode.foundSomething;
  return ok({ data: findings, meta: null, exit });
}

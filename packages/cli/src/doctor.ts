import type { Command } from "commander";
import * as z from "zod";
import { exitCode } from "@gridward/core/api/exit-code";
import { ok } from "@gridward/core/base/result";
import { carryOut, type Cli, type Outcome } from "./cli.ts";
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

/** gridward doctor */
export function addDoctorVerb(root: Command, cli: Cli): void {
  root
    .command("doctor <dir>")
    .description("verify journal, control record, keys and permissions of a data directory")
    .action(async (dir: string, _: unknown, command: Command) =>
      carryOut(cli, command, async () => examine(dir)),
    );
}

function examine(directory: string): Outcome {
  const examined = askServerProgram("doctor", directory, report);
  if (!examined.ok) return examined;
  const { findings } = examined.value;
  const exit = examined.value.ok ? exitCode.done : exitCode.foundSomething;
  return ok({ data: findings, meta: null, exit });
}

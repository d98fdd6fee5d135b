import { fileURLToPath } from "node:url";
import * as z from "zod";
import { parseJsonText } from "@gridward/core/base/json";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { isRefusalCode } from "@gridward/core/domain/refusal";
import { runToEnd } from "@gridward/runtime/os/program";
import { clientFailure, refusalFailure, type CommandFailure } from "./failure.ts";

/** Programs of the server that read a data directory without a running server. */
export type ServerProgram = "stopped" | "doctor" | "backup" | "resync" | "repair";

const refused = z.object({ refused: z.object({ code: z.string(), detail: z.string() }) });

/** Runs one to its end and reads what it says. `word` is the directory, or what else it asks for. */
export function askServerProgram<Schema extends z.ZodType>(
  program: ServerProgram,
  word: string,
  answer: Schema,
  secret?: Secret<string>,
): Result<z.output<Schema>, CommandFailure> {
  const file = new URL(`../../server/src/${program}/main.ts`, import.meta.url);
  const ended = runToEnd(fileURLToPath(file), [word], secret);
  const said = parseJsonText(ended.data);
  const no = refused.safeParse(said);
  if (no.success) {
    const { code, detail } = no.data.refused;
    if (isRefusalCode(code)) return err(refusalFailure({ code, detail }));
  }
  const read = answer.safeParse(said);
  return read.success ? ok(read.data) : err(clientFailure("client.not-ours", `exit ${ended.exit}`));
}

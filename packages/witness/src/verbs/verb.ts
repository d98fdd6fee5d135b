import { parseArgs } from "node:util";
import type { Json } from "@gridward/core/base/canonical";
import { ok, type Result } from "@gridward/core/base/result";
import type { Clock } from "@gridward/runtime/os/clock";
import { outputFormats, type OutputFormat } from "@gridward/runtime/os/output";
import { failed, type VerbFailure } from "./failure.ts";

/** What a verb ended in when it was carried out. */
export interface Done {
  readonly data: Json;
  /** Sentences for stderr. */
  readonly warnings: readonly string[];
}

export type VerbOutcome = Result<Done, VerbFailure>;

/** The words of a command line, read. */
export interface Asked {
  readonly directory: string;
  readonly clock: Clock;
  readonly output: OutputFormat;
  readonly quiet: boolean;
  readonly port: number;
  readonly listen: string;
  readonly address: string | undefined;
}

export interface CommandLine {
  readonly verb: string;
  readonly asked: Asked;
}

const options = {
  output: { type: "string", short: "o" },
  quiet: { type: "boolean", short: "q" },
  help: { type: "boolean", short: "h" },
  port: { type: "string" },
  listen: { type: "string" },
  address: { type: "string" },
} as const;

const portDefault = 5482;

/** "help" when that is what was asked for. */
export function readCommandLine(
  words: readonly string[],
  clock: Clock,
): Result<CommandLine, VerbFailure> | "help" {
  let parsed: ReturnType<typeof parseWords>;
  try {
    parsed = parseWords(words);
  } catch (error) {
    return failed("witness.wrong-use", error instanceof Error ? error.message : null);
  }
  const { values, positionals } = parsed;
  const [verb = "", directory = "", ...more] = positionals;
  if (values.help === true || verb === "") return "help";
  if (directory === "" || more.length > 0) return failed("witness.wrong-use", `${verb} DIR`);
  const asked = readAsked(values, directory, clock);
  return asked.ok ? ok({ verb, asked: asked.value }) : asked;
}

function readAsked(
  values: ReturnType<typeof parseWords>["values"],
  directory: string,
  clock: Clock,
): Result<Asked, VerbFailure> {
  const output = outputFormats.find((format) => format === (values.output ?? "table"));
  if (output === undefined) {
    return failed("witness.wrong-use", `--output ${outputFormats.join("|")}`);
  }
  const port = Number(values.port ?? portDefault);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    return failed("witness.wrong-use", "--port 1 to 65535");
  }
  const { quiet = false, listen = "0.0.0.0", address } = values;
  return ok({ directory, clock, output, quiet, port, listen, address });
}

function parseWords(words: readonly string[]) {
  return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
}

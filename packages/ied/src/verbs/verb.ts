import { parseArgs } from "node:util";
import type { Json } from "@gridward/core/base/canonical";
import { ok, type Result } from "@gridward/core/base/result";
import { second, type Millis } from "@gridward/core/base/time";
import type { Clock } from "@gridward/runtime/os/clock";
import { outputFormats, type OutputFormat } from "@gridward/runtime/os/output";
import { failed, type VerbFailure } from "./failure.ts";

/** What a verb ended in when it was carried out. */
export interface Done {
  readonly data: Json;
  readonly meta: Json;
  /** What a table shows in place of the data. */
  readonly table?: Json;
  /** Sentences for stderr. */
  readonly warnings?: readonly string[];
}

export type VerbOutcome = Result<Done, VerbFailure>;

/** The words of a command line, read. */
export interface Asked {
  readonly directory: string;
  /** Words after the directory. */
  readonly operands: readonly string[];
  readonly clock: Clock;
  readonly isInteractive: boolean;
  readonly output: OutputFormat;
  readonly quiet: boolean;
  readonly timeout: Millis;
  readonly package: string | undefined;
  readonly https: string | undefined;
  readonly passwordFile: string | undefined;
  readonly state: string | undefined;
}

export interface CommandLine {
  readonly verb: string;
  readonly asked: Asked;
}

const options = {
  output: { type: "string", short: "o" },
  timeout: { type: "string" },
  quiet: { type: "boolean", short: "q" },
  verbose: { type: "boolean", short: "v" },
  help: { type: "boolean", short: "h" },
  package: { type: "string" },
  https: { type: "string" },
  "password-file": { type: "string" },
  state: { type: "string" },
} as const;

const timeoutDefault = 30;
const timeoutMax = 86_400;

/** "help" when that is what was asked for. */
export function readCommandLine(
  words: readonly string[],
  place: Pick<Asked, "clock" | "isInteractive">,
): Result<CommandLine, VerbFailure> | "help" {
  let parsed: ReturnType<typeof parseWords>;
  try {
    parsed = parseWords(words);
  } catch (error) {
    return failed("ied.wrong-use", error instanceof Error ? error.message : null);
  }
  const { values, positionals } = parsed;
  const [verb = "", directory = "", ...operands] = positionals;
  if (values.help === true || verb === "") return "help";
  if (directory === "") return failed("ied.wrong-use", `${verb} DIR`);
  const asked = readAsked(values, { ...place, directory, operands });
  return asked.ok ? { ok: true, value: { verb, asked: asked.value } } : asked;
}

function readAsked(
  values: ReturnType<typeof parseWords>["values"],
  place: Pick<Asked, "clock" | "isInteractive" | "directory" | "operands">,
): Result<Asked, VerbFailure> {
  const output = outputFormats.find((format) => format === (values.output ?? "table"));
  if (output === undefined) return failed("ied.wrong-use", `--output ${outputFormats.join("|")}`);
  const timeout = Number(values.timeout ?? timeoutDefault);
  if (!(timeout > 0 && timeout <= timeoutMax)) return failed("ied.wrong-use", "--timeout SECONDS");
  return ok({
    ...place,
    output,
    quiet: values.quiet ?? false,
    timeout: timeout * second,
    package: values.package,
    https: values.https,
    passwordFile: values["password-file"],
    state: values.state,
  });
}

function parseWords(words: readonly string[]) {
  return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
}

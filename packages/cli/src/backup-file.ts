import { resolve } from "node:path";
import * as z from "zod";
import { ok } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { readRecoveryKey } from "./backup-key.ts";
import { confirm, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed } from "./failure.ts";
import { askServerProgram } from "./server-program.ts";

export interface RestoreOptions {
  readonly into: string;
  readonly keyFile?: string;
  readonly above: string;
}

const said = z.object({ done: z.record(z.string(), z.json()) });

/** gridward backup verify: reads the file where it lies; no server is asked. */
export async function verifyBackup(
  cli: Cli,
  file: string,
  { keyFile, withoutKey = false }: { readonly keyFile?: string; readonly withoutKey?: boolean },
): Promise<Outcome> {
  const word = { verb: "verify", file: resolve(file), hasKey: !withoutKey };
  if (withoutKey) return ask(word);
  const key = await readRecoveryKey(cli, keyFile);
  return key.ok ? ask(word, key.value.typed) : key;
}

export async function previewRestore(
  cli: Cli,
  file: string,
  options: RestoreOptions,
): Promise<Outcome> {
  const key = await readRecoveryKey(cli, options.keyFile);
  return key.ok ? look("preview", file, options, key.value.typed) : key;
}

/** Shows what would be lost, has the name of the site typed, and only then restores. */
export async function restoreBackup(
  { cli, asked }: { readonly cli: Cli; readonly asked: Asked },
  file: string,
  options: RestoreOptions,
): Promise<Outcome> {
  const key = await readRecoveryKey(cli, options.keyFile);
  if (!key.ok) return key;
  const { typed } = key.value;
  const preview = look("preview", file, options, typed);
  if (!preview.ok) return preview;
  const {
    site,
    at,
    loses,
    new_term: term,
    servers_removed: removed,
    warning,
  } = shape.parse(preview.value.data);
  talk(cli, asked, `The backup of ${site} is of ${at}; it becomes term ${term}.`);
  talk(cli, asked, `Lost by it: ${loses}`);
  if (removed.length > 0) {
    talk(cli, asked, `Removed, to join again when blank: ${removed.join(", ")}.`);
  }
  if (warning !== null) talk(cli, asked, warning);
  const question = `The database in ${options.into} will be replaced; it is kept aside.`;
  const sure = await confirm(cli, asked, { question, answer: site });
  if (!sure.ok) return sure;
  const done = look("restore", file, options, typed);
  if (done.ok) {
    talk(cli, asked, `Now run \`gridward server run ${options.into}\`, then start the others.`);
  }
  return done;
}

const shape = z.object({
  site: z.string(),
  at: z.string(),
  loses: z.string(),
  new_term: z.int(),
  servers_removed: z.array(z.string()),
  warning: z.string().nullable(),
});

function look(
  verb: "preview" | "restore",
  file: string,
  { into, above }: RestoreOptions,
  typed: Secret<string>,
): Outcome {
  if (!/^[0-9]{1,9}$/.test(above)) return failed("client.wrong-use", "--above: a term");
  const word = { verb, file: resolve(file), directory: resolve(into), above: Number(above) };
  return ask(word, typed);
}

function ask(word: unknown, secret?: Secret<string>): Outcome {
  const answered = askServerProgram("backup", JSON.stringify(word), said, secret);
  return answered.ok ? ok({ data: answered.value.done, meta: null }) : answered;
}

import type { Command } from "commander";
import * as z from "zod";
import type { Json } from "@gridward/core/base/canonical";
import { ok, type Result } from "@gridward/core/base/result";
import { second, type Millis } from "@gridward/core/base/time";
import type { Clock } from "@gridward/runtime/os/clock";
import { localSocketPath } from "@gridward/runtime/os/local-socket";
import { outputFormats, type Paint, showOutcome, type Terminal } from "@gridward/runtime/os/output";
import { ask } from "@gridward/runtime/os/prompt";
import { endWith, type Program } from "@gridward/runtime/os/program";
import type { Target } from "./api-client.ts";
import { readClientIdentity } from "./client-identity.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { readCaFile } from "./input-file.ts";
import { readLogin, serversToTry, type SavedLogin } from "./saved-login.ts";

/** What every verb is given beside its own words. */
export interface Cli {
  readonly program: Program;
  readonly terminal: Terminal;
  readonly clock: Clock;
}

/** The global options, read. */
export interface Asked {
  readonly output: (typeof outputFormats)[number];
  readonly servers: readonly URL[];
  readonly local: string | null;
  readonly ca: string | null;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly reason: string | null;
  readonly timeout: Millis;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** What a verb ended in when it was carried out. */
export interface Done {
  readonly data: Json;
  readonly meta: Json;
  readonly columns?: readonly string[];
  readonly table?: Json;
  readonly paint?: Paint;
  readonly exit?: number;
}

export type Outcome = Result<Done, CommandFailure>;

const defaultTimeout: Millis = 30 * second;

const globalOptions = z.object({
  output: z.enum(outputFormats).default("table"),
  server: z.array(z.string()).default([]),
  local: z.string().optional(),
  ca: z.string().optional(),
  dryRun: z.boolean().default(false),
  yes: z.boolean().default(false),
  reason: z.string().optional(),
  timeout: z.coerce.number().positive().max(86_400).optional(),
  quiet: z.boolean().default(false),
  verbose: z.boolean().default(false),
});

/** Declares the options that every verb understands, before or after its own. */
export function addGlobalOptions(command: Command): Command {
  const collect = (url: string, urls: readonly string[] = []): readonly string[] => [...urls, url];
  return command
    .option("-o, --output <form>", `how to answer: ${outputFormats.join(", ")}`)
    .option("--server <url>", "server to ask; may be repeated", collect)
    .option("--local <dir>", "speak to the server of this data directory over its own socket")
    .option("--ca <file>", "trust anchor of the servers, PEM")
    .option("--dry-run", "judge the change, make nothing")
    .option("--yes", "do not ask for confirmation")
    .option(
      "--reason <text>",
      "why: your words with `pair promote`, one of the list with `ca revoke`",
    )
    .option("--timeout <seconds>", "give up after this time")
    .option("-q, --quiet", "no talk on stderr")
    .option("-v, --verbose", "say on stderr which server answered");
}

/** Carries a verb out, shows what it ended in, and sets the exit code. */
export async function carryOut(
  cli: Cli,
  command: Command,
  verb: (asked: Asked) => Promise<Outcome>,
): Promise<void> {
  const asked = readAsked(command);
  const choice = asked.ok
    ? { format: asked.value.output, quiet: asked.value.quiet }
    : ({ format: "table", quiet: false } as const);
  const outcome = asked.ok ? await verb(asked.value) : asked;
  if (asked.ok && asked.value.verbose && outcome.ok) {
    cli.terminal.talk(`answered by ${JSON.stringify(outcome.value.meta)}\n`);
  }
  const shown = outcome.ok
    ? { ok: true as const, ...outcome.value }
    : { ok: false as const, ...outcome.error };
  endWith(showOutcome(shown, choice, cli.terminal));
}

function readAsked(command: Command): Result<Asked, CommandFailure> {
  const parsed = globalOptions.safeParse(command.optsWithGlobals());
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return failed("client.wrong-use", `--${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
  }
  const { server, timeout, local, reason, ca, ...rest } = parsed.data;
  const servers = server.map((text) => URL.parse(text.includes("://") ? text : `https://${text}`));
  const urls = servers.filter((url) => url?.protocol === "https:").flatMap((url) => url ?? []);
  if (urls.length < server.length) return failed("client.wrong-use", "--server: an https:// URL");
  return ok({
    ...rest,
    servers: urls,
    local: local ?? null,
    ca: ca ?? null,
    reason: reason ?? null,
    timeout: timeout === undefined ? defaultTimeout : timeout * second,
  });
}

/** Where a verb goes that needs somebody signed in. What is named with it is tried as named. */
export function signedInTarget(
  cli: Cli,
  asked: Asked,
  saved: (login: SavedLogin) => readonly string[] = urlsToTry,
): Result<Target, CommandFailure> {
  const login = readLogin(cli.program.stateDirectory);
  if (login === undefined) return failed("client.not-signed-in");
  const ca = asked.ca === null ? ok(login.ca) : readCaFile(asked.ca);
  if (!ca.ok) return ca;
  const identity = login.identity === null ? ok(null) : readClientIdentity(login.identity);
  if (!identity.ok) return identity;
  const known = saved(login).flatMap((text) => URL.parse(text) ?? []);
  return ok({
    kind: "servers",
    urls: asked.servers.length > 0 ? asked.servers : known,
    trust: { ca: ca.value, fingerprint: login.fingerprint },
    identity: identity.value,
    token: login.token,
  });
}

function urlsToTry(login: SavedLogin): readonly string[] {
  return serversToTry(login).map(({ url }) => url);
}

export function localTarget(directory: string): Target {
  return { kind: "local", path: localSocketPath(directory) };
}

/** Dangerous verbs: the name typed again where somebody sits there, --yes where nobody does. */
export async function confirm(
  cli: Cli,
  asked: Asked,
  what: { readonly question: string; readonly answer: string },
): Promise<Result<null, CommandFailure>> {
  if (asked.yes || asked.dryRun) return ok(null);
  if (!cli.program.isInteractive) return failed("client.not-confirmed");
  const typed = await ask(`${what.question} Type ${what.answer} to go on: `);
  return typed.trim() === what.answer ? ok(null) : failed("client.not-confirmed");
}

/** Query of a change, under --dry-run. */
export function changeQuery(asked: Asked): { readonly dry_run?: "true" } {
  return asked.dryRun ? { dry_run: "true" } : {};
}

export function talk(cli: Cli, asked: Asked, line: string): void {
  if (!asked.quiet) cli.terminal.talk(`${line}\n`);
}

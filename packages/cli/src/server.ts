import { join } from "node:path";
import type { Command } from "commander";
import { localRoutes } from "@gridward/core/api/local-routes";
import { serverRoutes } from "@gridward/core/api/server-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { defaultPorts } from "@gridward/core/codec/server-config";
import { callRoute } from "./api-client.ts";
import { carryOut, localTarget, type Asked, type Cli, type Outcome } from "./cli.ts";
import { cannotBeTried, failed, type CommandFailure } from "./failure.ts";
import { readSecret } from "./input-file.ts";
import { order, shown } from "./order.ts";
import type { InitOptions } from "./make-server.ts";
import { explainStates } from "./explain-states.ts";
import { localStatus, shownStatus } from "./local-status.ts";
import { waitForState } from "./wait.ts";

/** gridward server …; `server run` is a program of its own. */
export function addServerVerbs(root: Command, cli: Cli): void {
  const server = root.command("server").description("an account server and its data directory");
  addInit(server, cli);
  server
    .command("run <dir>")
    .description("run the server of a data directory until it is stopped")
    .action(() => {}); // The launcher starts packages/server for it; here it stands for the help.
  server
    .command("join <dir>")
    .description("let a blank server join the system that a code names")
    .option("--code-file <file>", 'code of `pair invite`, "-" for standard input')
    .action(async (dir: string, options: { readonly codeFile?: string }, command: Command) =>
      carryOut(cli, command, async (asked) => joinSystem(cli, asked, dir, options.codeFile)),
    );
  server
    .command("status [dir]")
    .description("show duty, state, cause and remedy of a server, running or not")
    .action(async (dir: string | undefined, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => status(cli, asked, dir)),
    );
  server
    .command("states [state]")
    .description("explain the states of a server, with their icons, as `server status` shows them")
    .action(async (state: string | undefined, _: unknown, command: Command) =>
      carryOut(cli, command, async () => explainStates(state)),
    );
  server
    .command("wait <dir>")
    .description("wait until a server is in a state")
    .requiredOption("--state <state>", "state, or several with commas between them")
    .action(async (dir: string, { state }: { readonly state: string }, command: Command) =>
      carryOut(cli, command, async (asked) => waitForState({ cli, asked }, dir, state.split(","))),
    );
  server
    .command("first-code <dir>")
    .description("give the first administrator a new code, as long as nobody can administer")
    .action(async (dir: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: {}, query: {}, body: null };
        const target = localTarget(dir);
        return shown(await callRoute(target, localRoutes.localFirstCode, input, asked));
      }),
    );
  server
    .command("unlock <dir> <account>")
    .description("end the lock-out of an account when nobody else can sign in")
    .action(async (dir: string, account: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: {}, query: {}, body: { account } };
        const target = localTarget(dir);
        return shown(await callRoute(target, localRoutes.localUnlock, input, asked));
      }),
    );
}

function addInit(server: Command, cli: Cli): void {
  const port = (name: keyof typeof defaultPorts): readonly [string, string, string] => [
    `--${name} <port>`,
    "port, 0 switches it off",
    String(defaultPorts[name]),
  ];
  server
    .command("init <dir>")
    .description("make the data directory of a new server")
    .requiredOption("--name <name>", "name of the server within its system")
    .option("--listen <address>", "address on which all ports listen", "0.0.0.0")
    .option(...port("https"))
    .option(...port("link"))
    .option(...port("ldaps"))
    .option(...port("ldap"))
    .action(async (dir: string, options: InitOptions, command: Command) =>
      carryOut(cli, command, async (asked) => {
        if (asked.dryRun) return cannotBeTried();
        // Loaded only here: building a certificate takes more code than all other verbs together.
        const { makeServer } = await import("./make-server.ts");
        return makeServer(cli, dir, options);
      }),
    );
}

async function joinSystem(
  cli: Cli,
  asked: Asked,
  dir: string,
  codeFile: string | undefined,
): Promise<Outcome> {
  const code = await readSecret(cli.program, {
    file: codeFile,
    question: "Code of `gridward pair invite`: ",
    option: "--code-file",
  });
  if (!code.ok) return code;
  const input = { params: {}, query: {}, body: { code: code.value.reveal() } };
  return shown(await callRoute(localTarget(dir), localRoutes.localJoin, input, asked));
}

async function status(cli: Cli, asked: Asked, dir: string | undefined): Promise<Outcome> {
  const directory = dir ?? asked.local;
  if (directory !== null) return localStatus(directory, asked.timeout);
  const input = { params: {}, query: {}, body: null };
  return shownStatus(await order({ cli, asked }, serverRoutes.serverStatus, input));
}

/** gridward system create */
export function addSystemVerbs(root: Command, cli: Cli): void {
  root
    .command("system")
    .description("the whole of accounts, devices and servers")
    .command("create")
    .description("create a system on a blank server (with --local DIR)")
    .requiredOption("--base <dn>", "base DN of the directory, such as dc=example,dc=org")
    .requiredOption("--site <name>", "name of the site")
    .option("--administrator <name>", "login name of the first administrator", "admin")
    .action(async (options: SystemOptions, command: Command) =>
      carryOut(cli, command, async (asked) => createSystem(asked, options)),
    );
}

interface SystemOptions {
  readonly base: string;
  readonly site: string;
  readonly administrator: string;
}

async function createSystem(asked: Asked, options: SystemOptions): Promise<Outcome> {
  const directory = requireLocal(asked);
  if (!directory.ok) return directory;
  const input = { params: {}, query: {}, body: options };
  const target = localTarget(directory.value);
  const created = await callRoute(target, localRoutes.localCreateSystem, input, asked);
  if (!created.ok) return created;
  const { data, meta } = created.value;
  return ok({
    data: { ...data, ca: join(directory.value, "certificates", "authority.pem") },
    meta,
  });
}

function requireLocal({ local }: Asked): Result<string, CommandFailure> {
  return local === null ? failed("client.wrong-use", "--local DIR is needed") : ok(local);
}

import type { Command } from "commander";
import { addAccountCertificateVerbs } from "./account-certificate.ts";
import { addExplainVerb } from "./account-explain.ts";
import { accountRoutes } from "@gridward/core/api/account-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { carryOut, changeQuery, confirm, type Asked, type Cli, type Outcome } from "./cli.ts";
import type { CommandFailure } from "./failure.ts";
import { readSecret } from "./input-file.ts";
import { order, shown, shownRows, wholeList, type ListOptions } from "./order.ts";

interface AccountOptions {
  readonly role?: readonly string[];
  readonly group?: readonly string[];
  readonly displayName?: string;
  readonly policy?: string;
  readonly passwordFile?: string;
  readonly mustChange: boolean;
  readonly code?: boolean;
}

interface AccountListOptions extends ListOptions {
  readonly group?: string;
  readonly role?: string;
}

const roleHelp = "role, or ROLE@AREA where it shall not hold everywhere; may be repeated";

/** gridward account … */
export function addAccountVerbs(root: Command, cli: Cli): void {
  const account = root.command("account").description("people and programs that sign in");
  addViews(account, cli);
  account
    .command("create <name>")
    .description("create an account; without a password it gets a one-time code")
    .option("--role <role>", roleHelp, collect)
    .option("--group <group>", "replication group; may be repeated", collect)
    .option("--display-name <text>", "name for people")
    .option("--policy <policy>", "password policy")
    .option("--password-file <file>", 'first password, "-" for standard input')
    .option("--no-must-change", "the password need not be changed at the first sign-in")
    .action(async (name: string, options: AccountOptions, command: Command) =>
      carryOut(cli, command, async (asked) => createAccount(cli, asked, name, options)),
    );
  account
    .command("update <name>")
    .description("change name for display, roles (all of them) or policy")
    .option("--role <role>", roleHelp, collect)
    .option("--display-name <text>", "name for people")
    .option("--policy <policy>", "password policy")
    .action(async (name: string, options: AccountOptions, command: Command) =>
      carryOut(cli, command, async (asked) => updateAccount(cli, asked, name, options)),
    );
  account
    .command("set-password <name>")
    .description("set the password, or give a one-time code")
    .option("--password-file <file>", 'new password, "-" for standard input')
    .option("--code", "no password: a one-time code for the next sign-in")
    .option("--no-must-change", "the password need not be changed at the next sign-in")
    .action(async (name: string, options: AccountOptions, command: Command) =>
      carryOut(cli, command, async (asked) => setPassword(cli, asked, name, options)),
    );
  addStandingVerbs(account, cli);
  addAccountCertificateVerbs(account, cli);
  addExplainVerb(account, cli);
}

function addViews(account: Command, cli: Cli): void {
  account
    .command("list")
    .description("list accounts")
    .option("--search <text>", "only those with this in their name")
    .option("--sort <column>", 'column, "-" before it for falling order')
    .option("--limit <count>", "at most so many")
    .option("--group <group>", "only members of this group")
    .option("--role <role>", "only those with this role")
    .action(async (options: AccountListOptions, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const { search, sort, group, role } = options;
        const wanted = { search, sort, group, role };
        return shownRows(
          await wholeList(options, async (query) =>
            order({ cli, asked }, accountRoutes.accountList, {
              params: {},
              query: { ...wanted, ...query },
              body: null,
            }),
          ),
        );
      }),
    );
  account
    .command("show <name>")
    .description("show one account")
    .action(async (name: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: { name }, query: {}, body: null };
        return shown(await order({ cli, asked }, accountRoutes.accountShow, input));
      }),
    );
}

const standingVerbs = [
  { verb: "enable", route: accountRoutes.accountEnable, dangerous: false },
  { verb: "disable", route: accountRoutes.accountDisable, dangerous: false },
  { verb: "unlock", route: accountRoutes.accountUnlock, dangerous: false },
  { verb: "delete", route: accountRoutes.accountDelete, dangerous: true },
] as const;

function addStandingVerbs(account: Command, cli: Cli): void {
  for (const { verb, route, dangerous } of standingVerbs) {
    account
      .command(`${verb} <name>`)
      .description(route.summary.toLowerCase())
      .action(async (name: string, _: unknown, command: Command) =>
        carryOut(cli, command, async (asked) => {
          const question = `The account ${name} will be deleted.`;
          const sure = dangerous ? await confirm(cli, asked, { question, answer: name }) : ok(null);
          if (!sure.ok) return sure;
          const input = { params: { name }, query: changeQuery(asked), body: null };
          return shown(await order({ cli, asked }, route, input));
        }),
      );
  }
}

async function createAccount(
  cli: Cli,
  asked: Asked,
  name: string,
  options: AccountOptions,
): Promise<Outcome> {
  const password = await optionalPassword(cli, options.passwordFile);
  if (!password.ok) return password;
  const body = {
    name,
    ...changedMembers(options),
    roles: (options.role ?? []).map(wantedRole),
    groups: [...(options.group ?? [])],
    ...(password.value === undefined ? {} : { password: password.value }),
    must_change: options.mustChange,
  };
  const input = { params: {}, query: changeQuery(asked), body };
  return shown(await order({ cli, asked }, accountRoutes.accountCreate, input));
}

async function updateAccount(
  cli: Cli,
  asked: Asked,
  name: string,
  options: AccountOptions,
): Promise<Outcome> {
  const roles = options.role?.map(wantedRole);
  const body = { ...changedMembers(options), ...(roles === undefined ? {} : { roles }) };
  const input = { params: { name }, query: changeQuery(asked), body };
  return shown(await order({ cli, asked }, accountRoutes.accountUpdate, input));
}

async function setPassword(
  cli: Cli,
  asked: Asked,
  name: string,
  options: AccountOptions,
): Promise<Outcome> {
  const params = { name };
  const query = changeQuery(asked);
  const route = accountRoutes.accountSetPassword;
  if (options.code === true) {
    const body = { one_time_code: true } as const;
    return shown(await order({ cli, asked }, route, { params, query, body }));
  }
  const password = await readSecret(cli.program, {
    file: options.passwordFile,
    question: `New password of ${name}: `,
    option: "--password-file",
  });
  if (!password.ok) return password;
  const body = { password: password.value.reveal(), must_change: options.mustChange };
  return shown(await order({ cli, asked }, route, { params, query, body }));
}

async function optionalPassword(
  cli: Cli,
  file: string | undefined,
): Promise<Result<string | undefined, CommandFailure>> {
  if (file === undefined) return ok(undefined);
  const password = await readSecret(cli.program, { file, question: "", option: "--password-file" });
  return password.ok ? ok(password.value.reveal()) : password;
}

function changedMembers({ displayName, policy }: AccountOptions): {
  readonly display_name?: string;
  readonly policy?: string;
} {
  return {
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(policy === undefined ? {} : { policy }),
  };
}

/** `OPERATOR` or `OPERATOR@Hill/Q01`. */
function wantedRole(text: string): { readonly role: string; readonly area?: string } {
  const at = text.indexOf("@");
  return at < 0 ? { role: text } : { role: text.slice(0, at), area: text.slice(at + 1) };
}

function collect(text: string, texts: readonly string[] = []): readonly string[] {
  return [...texts, text];
}

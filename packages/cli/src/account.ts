import type { Command } from "commander";
import { addAccountCertificateVerbs } from "./account-certificate.ts";
import { addExplainVerb } from "./account-explain.ts";
import { addExportVerb } from "./account-export.ts";
import { addImportVerb } from "./account-import.ts";
import { readValidity, roleHelp, wantedRoles, type ValidityOptions } from "./account-roles.ts";
import { addChoice, addUndoVerbs, changeAll, isOne, type Choice } from "./account-set.ts";
import { accountRoutes } from "@gridward/core/api/account-routes";
import type { ChangeBody } from "@gridward/core/api/account-set-routes";
import { ok, type Result } from "@gridward/core/base/result";
import { carryOut, changeQuery, confirm, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed, type CommandFailure } from "./failure.ts";
import { readSecret } from "./input-file.ts";
import { collect, order, shown, shownRows, wholeList, type ListOptions } from "./order.ts";

interface AccountOptions extends ValidityOptions {
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
    .option(
      "--valid-from <time>",
      "when roles without dates of their own begin, such as 2026-01-31",
    )
    .option("--valid-until <time>", "when they end; a day alone is meant whole, in UTC")
    .option("--password-file <file>", 'first password, "-" for standard input')
    .option("--no-must-change", "the password need not be changed at the first sign-in")
    .action(async (name: string, options: AccountOptions, command: Command) =>
      carryOut(cli, command, async (asked) => createAccount(cli, asked, name, options)),
    );
  addUpdateVerb(account, cli);
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
  addImportVerb(account, cli);
  addExportVerb(account, cli);
  addUndoVerbs(account, cli);
  addAccountCertificateVerbs(account, cli);
  addExplainVerb(account, cli);
}

interface UpdateOptions extends AccountOptions, Choice {
  readonly addRole?: readonly string[];
  readonly removeRole?: readonly string[];
  readonly addGroup?: readonly string[];
  readonly removeGroup?: readonly string[];
}

function addUpdateVerb(account: Command, cli: Cli): void {
  addChoice(account.command("update [names...]"))
    .description("change name for display, roles, groups, dates or policy; several at once")
    .option("--role <role>", `all roles from now on: ${roleHelp}`, collect)
    .option("--add-role <role>", "one more role, or other dates for it; may be repeated", collect)
    .option("--remove-role <role>", "take a role away in every area; may be repeated", collect)
    .option("--add-group <group>", "into a replication group; may be repeated", collect)
    .option("--remove-group <group>", "out of a replication group; may be repeated", collect)
    .option("--valid-from <time>", 'when all roles begin, such as 2026-01-31; "none": at once')
    .option("--valid-until <time>", 'when all roles end; a day alone is meant whole; "none": never')
    .option("--display-name <text>", "name for people")
    .option("--policy <policy>", "password policy")
    .action(async (names: readonly string[], options: UpdateOptions, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const [name] = names;
        return name !== undefined && isOne(names, options) && !isForSeveral(options)
          ? updateAccount(cli, asked, name, options)
          : updateAll(cli, asked, names, options);
      }),
    );
}

function isForSeveral(options: UpdateOptions): boolean {
  const { addRole, removeRole, addGroup, removeGroup, validFrom, validUntil } = options;
  const several = [addRole, removeRole, addGroup, removeGroup, validFrom, validUntil];
  return several.some((value) => value !== undefined);
}

async function updateAll(
  cli: Cli,
  asked: Asked,
  names: readonly string[],
  options: UpdateOptions,
): Promise<Outcome> {
  if (options.displayName !== undefined) {
    return failed("client.wrong-use", "--display-name: for one account, without roles to add");
  }
  const validity = readValidity(options);
  if (!validity.ok) return validity;
  const roles = options.role === undefined ? ok(undefined) : wantedRoles(options.role);
  if (!roles.ok) return roles;
  const added = wantedRoles(options.addRole ?? []);
  if (!added.ok) return added;
  const change: ChangeBody["change"] = {
    action: "update",
    ...validity.value,
    ...(roles.value === undefined ? {} : { roles: roles.value }),
    add_roles: added.value,
    remove_roles: [...(options.removeRole ?? [])],
    add_groups: [...(options.addGroup ?? [])],
    remove_groups: [...(options.removeGroup ?? [])],
    ...(options.policy === undefined ? {} : { policy: options.policy }),
  };
  return changeAll(cli, asked, { names, choice: options, change });
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
    addChoice(account.command(`${verb} [names...]`))
      .description(`${route.summary.toLowerCase()}; several at once, all or none`)
      .action(async (names: readonly string[], choice: Choice, command: Command) =>
        carryOut(cli, command, async (asked) => {
          const [name] = names;
          if (name === undefined || !isOne(names, choice)) {
            return changeAll(cli, asked, { names, choice, change: { action: verb } });
          }
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
  const roles = wantedRoles(options.role ?? [], options);
  if (!roles.ok) return roles;
  const isDated = options.validFrom !== undefined || options.validUntil !== undefined;
  if (isDated && roles.value.length === 0) {
    return failed("client.wrong-use", "--valid-from and --valid-until are dates of a --role");
  }
  const body = {
    name,
    ...changedMembers(options),
    roles: roles.value,
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
  const roles = options.role === undefined ? ok(undefined) : wantedRoles(options.role);
  if (!roles.ok) return roles;
  const wanted = roles.value === undefined ? {} : { roles: roles.value };
  const body = { ...changedMembers(options), ...wanted };
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

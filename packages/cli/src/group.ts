import type { Command } from "commander";
import { groupRoutes } from "@gridward/core/api/group-routes";
import { carryOut, changeQuery, confirm, type Cli } from "./cli.ts";
import { order, shown, shownRows, wholeList, type ListOptions } from "./order.ts";

interface DenyOptions {
  readonly lift?: boolean;
}

/** gridward group … */
export function addGroupVerbs(root: Command, cli: Cli): void {
  const group = root.command("group").description("replication groups: who is on which devices");
  addViews(group, cli);
  group
    .command("create <name>")
    .description("create a group")
    .option("--description <text>", "what it is for")
    .action(async (name: string, options: { readonly description?: string }, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const body = { name, ...options };
        const input = { params: {}, query: changeQuery(asked), body };
        return shown(await order({ cli, asked }, groupRoutes.groupCreate, input));
      }),
    );
  group
    .command("delete <name>")
    .description("delete a group that no device follows")
    .action(async (name: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const question = `The group ${name} will be deleted.`;
        const sure = await confirm(cli, asked, { question, answer: name });
        if (!sure.ok) return sure;
        const input = { params: { name }, query: changeQuery(asked), body: null };
        return shown(await order({ cli, asked }, groupRoutes.groupDelete, input));
      }),
    );
  addMembershipVerbs(group, cli);
}

function addViews(group: Command, cli: Cli): void {
  group
    .command("list")
    .description("list groups")
    .option("--search <text>", "only those with this in their name")
    .option("--sort <column>", 'column, "-" before it for falling order')
    .option("--limit <count>", "at most so many")
    .action(async (options: ListOptions, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const { search, sort } = options;
        return shownRows(
          await wholeList(options, async (query) =>
            order({ cli, asked }, groupRoutes.groupList, {
              params: {},
              query: { search, sort, ...query },
              body: null,
            }),
          ),
        );
      }),
    );
  for (const verb of ["show", "effective"] as const) {
    const route = verb === "show" ? groupRoutes.groupShow : groupRoutes.groupEffective;
    group
      .command(`${verb} <name>`)
      .description(route.summary.toLowerCase())
      .action(async (name: string, _: unknown, command: Command) =>
        carryOut(cli, command, async (asked) => {
          const input = { params: { name }, query: {}, body: null };
          if (verb === "show") {
            return shown(await order({ cli, asked }, groupRoutes.groupShow, input));
          }
          return shownRows(await order({ cli, asked }, groupRoutes.groupEffective, input));
        }),
      );
  }
}

function addMembershipVerbs(group: Command, cli: Cli): void {
  const change = async (
    command: Command,
    route: (typeof groupRoutes)["groupAdd" | "groupRemove" | "groupDeny" | "groupLiftDeny"],
    params: { readonly name: string; readonly account: string },
  ): Promise<void> =>
    carryOut(cli, command, async (asked) => {
      const input = { params, query: changeQuery(asked), body: null };
      return shown(await order({ cli, asked }, route, input));
    });
  group
    .command("add <group> <account>")
    .description("allow an account in a group")
    .option("--administrator", "admit a member with an administrative role to the devices")
    .action(
      async (
        name: string,
        account: string,
        options: { readonly administrator?: boolean },
        command: Command,
      ) =>
        carryOut(cli, command, async (asked) => {
          const route =
            options.administrator === true
              ? groupRoutes.groupAdmitAdministrator
              : groupRoutes.groupAdd;
          const input = { params: { name, account }, query: changeQuery(asked), body: null };
          return shown(await order({ cli, asked }, route, input));
        }),
    );
  group
    .command("remove <group> <account>")
    .description("take an account out of a group")
    .action(async (name: string, account: string, _: unknown, command: Command) =>
      change(command, groupRoutes.groupRemove, { name, account }),
    );
  group
    .command("deny <group> <account>")
    .description("never replicate an account with a group, whatever else says so")
    .option("--lift", "take it off the deny list again")
    .action(async (name: string, account: string, options: DenyOptions, command: Command) =>
      change(command, options.lift === true ? groupRoutes.groupLiftDeny : groupRoutes.groupDeny, {
        name,
        account,
      }),
    );
}

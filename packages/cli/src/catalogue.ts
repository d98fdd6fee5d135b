import type { Command } from "commander";
import { serverRoutes } from "@gridward/core/api/server-routes";
import { carryOut, type Cli } from "./cli.ts";
import { addRoleVerbs } from "./role.ts";
import { order, shown, shownRows } from "./order.ts";

const nothing = { params: {}, query: {}, body: null } as const;

/** gridward role …: what is only looked at. */
export function addCatalogueVerbs(root: Command, cli: Cli): void {
  const role = root.command("role").description("roles and the rights they give");
  role
    .command("list")
    .description("list roles")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) =>
        shownRows(await order({ cli, asked }, serverRoutes.roleList, nothing)),
      ),
    );
  role
    .command("show <name>")
    .description("show one role with its rights")
    .action(async (name: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: { name }, query: {}, body: null };
        return shown(await order({ cli, asked }, serverRoutes.roleShow, input));
      }),
    );
  addRoleVerbs(role, cli);
}

import { InvalidArgumentError, type Command } from "commander";
import { rightsRoutes } from "@gridward/core/api/rights-routes";
import { carryOut, changeQuery, confirm, type Cli } from "./cli.ts";
import { order, shown } from "./order.ts";
import { addRightsVerbs } from "./role-rights.ts";

interface CreateOptions {
  readonly id: number;
  readonly description?: string;
}

/** gridward role create|delete|rights …: private roles, and what roles may do (AM2). */
export function addRoleVerbs(role: Command, cli: Cli): void {
  role
    .command("create <name>")
    .description("give a private role of IEC 62351-8 a name")
    .requiredOption("--id <number>", "its number, from -1 to -32767", readNumber)
    .option("--description <text>", "what it is for")
    .action(async (name: string, options: CreateOptions, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const body = { name, ...options };
        const input = { params: {}, query: changeQuery(asked), body };
        return shown(await order({ cli, asked }, rightsRoutes.roleCreate, input));
      }),
    );
  role
    .command("delete <name>")
    .description("delete the name of a private role that no account and no map has")
    .action(async (name: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const question = `The name of the role ${name} will be deleted.`;
        const sure = await confirm(cli, asked, { question, answer: name });
        if (!sure.ok) return sure;
        const input = { params: { name }, query: changeQuery(asked), body: null };
        return shown(await order({ cli, asked }, rightsRoutes.roleDelete, input));
      }),
    );
  addRightsVerbs(role, cli);
}

function readNumber(text: string): number {
  if (!/^-?\d{1,5}$/.test(text)) throw new InvalidArgumentError("A number such as -1.");
  return Number(text);
}

import type { Command } from "commander";
import { setAsideRoutes } from "@gridward/core/api/set-aside-routes";
import { carryOut, changeQuery, type Asked, type Cli, type Outcome } from "./cli.ts";
import { order, shown, shownRows, wholeList, type ListOptions } from "./order.ts";

/** gridward pair set-aside …: changes that a server held beyond a fork, judged one by one. */
export function addSetAsideVerbs(pair: Command, cli: Cli): void {
  const setAside = pair
    .command("set-aside")
    .description("changes that a server made and the system does not hold");
  setAside
    .command("list")
    .description("list them, first what lowers the security of the system")
    .option("--search <text>", "only those with this in them")
    .option("--sort <column>", 'column, "-" before it for falling order')
    .option("--limit <count>", "at most so many")
    .action(async (options: ListOptions, command: Command) =>
      carryOut(cli, command, async (asked) => list(cli, asked, options)),
    );
  setAside
    .command("show <id>")
    .description("show one: what it did, what is lost by it, who judged it")
    .action(async (id: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: { id }, query: {}, body: null };
        return shown(await order({ cli, asked }, setAsideRoutes.setAsideShow, input));
      }),
    );
  addJudgements(setAside, cli);
}

function addJudgements(setAside: Command, cli: Cli): void {
  setAside
    .command("reapply <id>")
    .description("make it again, as a new change under the present rules")
    .action(async (id: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const body = asked.reason === null ? {} : { reason: asked.reason };
        const input = { params: { id }, query: changeQuery(asked), body };
        return shown(await order({ cli, asked }, setAsideRoutes.setAsideReapply, input));
      }),
    );
  setAside
    .command("reject <id>")
    .description("decide that it is not made again; --reason says why")
    .action(async (id: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const body = { reason: asked.reason ?? "" };
        const input = { params: { id }, query: changeQuery(asked), body };
        return shown(await order({ cli, asked }, setAsideRoutes.setAsideReject, input));
      }),
    );
}

async function list(cli: Cli, asked: Asked, options: ListOptions): Promise<Outcome> {
  const { search, sort } = options;
  return shownRows(
    await wholeList(options, async (query) =>
      order({ cli, asked }, setAsideRoutes.setAsideList, {
        params: {},
        query: { search, sort, ...query },
        body: null,
      }),
    ),
    ["id", "lowers_security", "made_at", "server", "made_by", "what", "told", "judged"],
  );
}

import type { Command } from "commander";
import { serverRoutes } from "@gridward/core/api/server-routes";
import { ok } from "@gridward/core/base/result";
import { carryOut, type Asked, type Cli, type Outcome } from "./cli.ts";
import { order, shown } from "./order.ts";

/** gridward pair settings …: what each server is set to, and giving a partner the same (HS16). */
export function addSettingsVerbs(pair: Command, cli: Cli): void {
  const settings = pair.command("settings").description("what each server is set to");
  settings
    .command("diff")
    .description("show the settings of all servers side by side, as their files say them")
    .option("--all", "also those that are the same")
    .action(async ({ all }: { readonly all?: boolean }, command: Command) =>
      carryOut(cli, command, async (asked) => compare(cli, asked, all === true)),
    );
  settings
    .command("copy <key>")
    .description("give a partner the value of the server that is asked, from its next start on")
    .requiredOption("--to <name>", "server that shall be set like this one")
    .action(async (key: string, { to }: { readonly to: string }, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: {}, query: {}, body: { key, to } };
        return shown(await order({ cli, asked }, serverRoutes.pairSettingCopy, input));
      }),
    );
}

async function compare(cli: Cli, asked: Asked, isAll: boolean): Promise<Outcome> {
  const input = { params: {}, query: {}, body: null };
  const answered = await order({ cli, asked }, serverRoutes.pairSettings, input);
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  const names = data.servers.map(({ server }) => server);
  const rows = data.rows
    .filter(({ differs }) => isAll || differs)
    .map(({ values, ...row }) => {
      const cells = data.servers.map(({ server, answered: isTold }) => {
        const found = values.find((each) => each.server === server);
        return [server, isTold ? (found?.value ?? null) : "does not answer"] as const;
      });
      return { ...Object.fromEntries(cells), ...row };
    });
  return ok({ data: rows, meta, columns: ["key", ...names, "copies"] });
}

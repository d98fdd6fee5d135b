import type { Command } from "commander";
import { serverRoutes } from "@gridward/core/api/server-routes";
import { carryOut, changeQuery, type Cli } from "./cli.ts";
import { order, shown } from "./order.ts";

interface Addresses {
  readonly address: string;
  readonly backup?: string;
}

/** gridward pair partner …: where the servers dial each other. */
export function addPartnerVerbs(pair: Command, cli: Cli): void {
  pair
    .command("partner")
    .description("where the servers dial each other")
    .command("set <name>")
    .description("set the address of a server; without --backup it has no second one")
    .requiredOption("--address <host>", "where it is dialled first")
    .option("--backup <host>", "where it is dialled while the first does not answer")
    .action(async (name: string, { address, backup }: Addresses, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const body = { address, backup: backup ?? null };
        const input = { params: { name }, query: changeQuery(asked), body };
        return shown(await order({ cli, asked }, serverRoutes.pairPartnerSet, input));
      }),
    );
}

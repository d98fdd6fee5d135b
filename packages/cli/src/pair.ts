import type { Command } from "commander";
import { localRoutes } from "@gridward/core/api/local-routes";
import { serverRoutes } from "@gridward/core/api/server-routes";
import { ok } from "@gridward/core/base/result";
import { callRoute } from "./api-client.ts";
import {
  carryOut,
  changeQuery,
  confirm,
  localTarget,
  type Asked,
  type Cli,
  type Outcome,
} from "./cli.ts";
import { failed } from "./failure.ts";
import { shownStatus } from "./local-status.ts";
import { order, shown } from "./order.ts";
import { addArbitrationVerbs } from "./pair-arbitration.ts";
import { addResyncVerb } from "./pair-resync.ts";
import { addRemoveVerb } from "./pair-remove.ts";
import { addPartnerVerbs } from "./pair-partner.ts";
import { addSettingsVerbs } from "./pair-settings.ts";
import { addSetAsideVerbs } from "./pair-set-aside.ts";

interface Invitation {
  readonly name: string;
  readonly permanent?: boolean;
}

/** gridward pair … */
export function addPairVerbs(root: Command, cli: Cli): void {
  const pair = root.command("pair").description("the Main, its Standby, and who takes over");
  pair
    .command("invite")
    .description("make a single-use code with which a Standby joins")
    .requiredOption("--name <name>", "name of the server that shall join")
    .option("--permanent", "it follows for ever, answers sign-ins, and is never promoted")
    .action(async ({ name, permanent = false }: Invitation, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: {}, query: changeQuery(asked), body: { name, permanent } };
        return shown(await order({ cli, asked }, serverRoutes.pairInvite, input));
      }),
    );
  pair
    .command("status")
    .description("show how the servers stand to each other")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: {}, query: {}, body: null };
        if (asked.local === null) {
          return shownStatus(await order({ cli, asked }, serverRoutes.pairStatus, input));
        }
        const target = localTarget(asked.local);
        return shownStatus(await callRoute(target, localRoutes.localStatus, input, asked));
      }),
    );
  pair
    .command("changeover")
    .description("hand the duty of Main over to a valid Standby")
    .requiredOption("--to <name>", "server that shall be Main")
    .action(async ({ to }: { readonly to: string }, command: Command) =>
      carryOut(cli, command, async (asked) => changeover(cli, asked, to)),
    );
  pair
    .command("promote")
    .description("make the Standby that is asked the Main, after the Main was lost")
    .option("--force", "also when changes may be missing on it; they are lost then")
    .action(async (options: { readonly force?: boolean }, command: Command) =>
      carryOut(cli, command, async (asked) => promote(cli, asked, options.force === true)),
    );
  pair
    .command("maintenance <on|off>")
    .description("take the Standby that is asked out for maintenance, or put it back")
    .action(async (word: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => setMaintenance(cli, asked, word)),
    );
  addArbitrationVerbs(pair, cli);
  addResyncVerb(pair, cli);
  addRemoveVerb(pair, cli);
  addPartnerVerbs(pair, cli);
  addSettingsVerbs(pair, cli);
  addSetAsideVerbs(pair, cli);
}

async function changeover(cli: Cli, asked: Asked, to: string): Promise<Outcome> {
  if (cli.program.isInteractive) {
    const question = `${to} will become the Main.`;
    const sure = await confirm(cli, asked, { question, answer: to });
    if (!sure.ok) return sure;
  }
  const input = { params: {}, query: {}, body: { to } };
  return shown(await order({ cli, asked }, serverRoutes.pairChangeover, input));
}

async function setMaintenance(cli: Cli, asked: Asked, word: string): Promise<Outcome> {
  if (word !== "on" && word !== "off") return failed("client.wrong-use", "maintenance on|off");
  const input = { params: {}, query: {}, body: { on: word === "on" } };
  if (asked.local === null) {
    return shown(await order({ cli, asked }, serverRoutes.pairMaintenance, input));
  }
  const target = localTarget(asked.local);
  return shown(await callRoute(target, localRoutes.localMaintenance, input, asked));
}

async function promote(cli: Cli, asked: Asked, force: boolean): Promise<Outcome> {
  const question = "Acknowledged changes may be missing on this server and will be lost.";
  const sure = force ? await confirm(cli, asked, { question, answer: "promote" }) : ok(null);
  if (!sure.ok) return sure;
  const body = { force, reason: asked.reason ?? "ordered by an operator" };
  const input = { params: {}, query: {}, body };
  if (asked.local === null) {
    return shown(await order({ cli, asked }, serverRoutes.pairPromote, input));
  }
  const target = localTarget(asked.local);
  return shown(await callRoute(target, localRoutes.localPromote, input, asked));
}

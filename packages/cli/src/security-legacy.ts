import type { Command } from "commander";
import { legacyRoutes } from "@gridward/core/api/legacy-routes";
import { ok } from "@gridward/core/base/result";
import { callRoute } from "./api-client.ts";
import { callOne } from "./call-one.ts";
import { carryOut, changeQuery, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed } from "./failure.ts";
import { order, shown } from "./order.ts";

interface AllowOptions {
  readonly owner: string;
  readonly until: string;
}

/** gridward security legacy …: peers that cannot carry certificates (CS7). */
export function addLegacyVerbs(security: Command, cli: Cli): void {
  const legacy = security
    .command("legacy")
    .description(
      "peers that cannot carry certificates: who is served all the same, and until when",
    );
  legacy
    .command("list")
    .description(
      "list legacy peers, who came in the last 30 days, and what would stop with legacy=false",
    )
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => list(cli, asked)),
    );
  legacy
    .command("allow <address>")
    .description("serve the peer at this IP address, where legacy is set; say why with --reason")
    .requiredOption("--owner <name>", "who answers for it")
    .requiredOption("--until <day>", "the last day on which it is served, such as 2027-03-31")
    .action(async (address: string, options: AllowOptions, command: Command) =>
      carryOut(cli, command, async (asked) => allow(cli, asked, { address, ...options })),
    );
  legacy
    .command("remove <address>")
    .description("serve the peer no more; what it has open without TLS ends")
    .action(async (address: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => {
        const input = { params: {}, query: changeQuery(asked), body: { address } };
        return shown(await order({ cli, asked }, legacyRoutes.legacyRemove, input));
      }),
    );
}

const columns = ["address", "served", "owner", "until", "door", "names", "last", "would_stop"];

async function list(cli: Cli, asked: Asked): Promise<Outcome> {
  const answered = await callOne(cli, asked, async (target) =>
    callRoute(target, legacyRoutes.legacyList, { params: {}, query: {}, body: null }, asked),
  );
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  const served = data.peers === "any" ? "every address is served" : "the listed ones are served";
  talk(cli, asked, `${data.server}: ${data.legacy ? served : "legacy is false: none is served"}`);
  const table = data.rows.map((row) => ({ ...row, names: row.names.join(", ") }));
  return ok({ data, meta, table, columns });
}

async function allow(
  cli: Cli,
  asked: Asked,
  { address, owner, until: day }: AllowOptions & { readonly address: string },
): Promise<Outcome> {
  if (asked.reason === null) return failed("client.wrong-use", "--reason TEXT is needed");
  // A day is served to its end, wherever it is written.
  const until = /^\d{4}-\d\d-\d\d$/.test(day) ? `${day}T23:59:59Z` : day;
  if (Number.isNaN(Date.parse(until))) return failed("client.wrong-use", "--until: YYYY-MM-DD");
  const body = { address, owner, reason: asked.reason, until };
  const input = { params: {}, query: changeQuery(asked), body };
  return shown(await order({ cli, asked }, legacyRoutes.legacyAllow, input));
}

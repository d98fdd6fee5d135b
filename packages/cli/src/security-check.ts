import type { Command } from "commander";
import { exitCode } from "@gridward/core/api/exit-code";
import { localRoutes } from "@gridward/core/api/local-routes";
import { securityRoutes, type SecurityTrial } from "@gridward/core/api/security-routes";
import { ok } from "@gridward/core/base/result";
import { callRoute } from "./api-client.ts";
import { callOneOrLocal } from "./call-one.ts";
import { carryOut, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { readPairs } from "./security-pairs.ts";

/** gridward security check [KEY=VALUE…]: handshakes with every partner, made to see what they come to. */
export function addCheckVerb(security: Command, cli: Cli): void {
  security
    .command("check [key=value...]")
    .description(
      "dial every partner and be dialled by it, under the settings of now or those that are named, " +
        "and show for both directions who refuses what; changes nothing and leaves the links alone",
    )
    .action(async (words: readonly string[], _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => check(cli, asked, words)),
    );
}

async function check(cli: Cli, asked: Asked, words: readonly string[]): Promise<Outcome> {
  const settings = readPairs(words);
  if (!settings.ok) return settings;
  const input = { params: {}, query: {}, body: { settings: settings.value } };
  // It is a try by itself.
  const tried = { ...asked, dryRun: false };
  const answered = await callOneOrLocal(cli, asked, {
    one: async (target) => callRoute(target, securityRoutes.securityCheck, input, tried),
    local: async (target) => callRoute(target, localRoutes.localSecurityCheck, input, tried),
  });
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  const { server, rows } = data;
  if (rows.length === 0) talk(cli, asked, `${server} has no partner to try it with.`);
  for (const row of rows) if (row.text !== null) talk(cli, asked, trialLine(server, row));
  const isGood = rows.every(({ verdict }) => verdict === "ok");
  const columns = ["partner", "direction", "verdict", "cause", "refused_by", "ours", "theirs"];
  const exit = isGood ? exitCode.done : exitCode.foundSomething;
  return ok({ data, meta, table: rows.map((row) => ({ ...row })), columns, exit });
}

/** `A dials B: refused (T01). B validates …. To heal it: …` */
export function trialLine(server: string, trial: SecurityTrial): string {
  const { partner, direction, verdict, cause, text, remedy } = trial;
  const way = direction === "dial" ? `${server} dials ${partner}` : `${partner} dials ${server}`;
  const word = cause === null ? verdict : `${verdict} (${cause})`;
  return text === null
    ? `${way}: ${word}.`
    : `${way}: ${word}. ${text} To heal it: ${remedy ?? ""}`;
}

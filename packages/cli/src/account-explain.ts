import { Option, type Command } from "commander";
import type * as z from "zod";
import { accountRoutes } from "@gridward/core/api/account-routes";
import { exitCode } from "@gridward/core/api/exit-code";
import { ok } from "@gridward/core/base/result";
import { carryOut, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { order } from "./order.ts";

interface ExplainOptions {
  readonly right: string;
  readonly device?: string;
  readonly object?: string;
  readonly accessPoint?: "panel" | "remote" | "tool";
}

/** gridward account explain: may X do Y on Z, and why. */
export function addExplainVerb(account: Command, cli: Cli): void {
  account
    .command("explain <name>")
    .description("say whether an account may do something, and why; ends with 12 where it may not")
    .requiredOption("--right <right>", 'what it would do; ":read" behind it: only read')
    .option("--device <device>", "on this device")
    .option("--object <path>", "on this, such as Station/Bay; without it the device, or everything")
    .addOption(
      new Option("--access-point <point>", "from where (remote)").choices([
        "panel",
        "remote",
        "tool",
      ]),
    )
    .action(async (name: string, options: ExplainOptions, command: Command) =>
      carryOut(cli, command, async (asked) => explain(cli, asked, name, options)),
    );
}

async function explain(
  cli: Cli,
  asked: Asked,
  name: string,
  { accessPoint, ...wanted }: ExplainOptions,
): Promise<Outcome> {
  const query = { ...wanted, access_point: accessPoint };
  const input = { params: { name }, query, body: null };
  const answered = await order({ cli, asked }, accountRoutes.accountExplain, input);
  if (!answered.ok) return answered;
  const { data, meta } = answered.value;
  for (const line of verdictLines(data)) talk(cli, asked, line);
  const exit = data.allowed ? exitCode.done : exitCode.foundSomething;
  const table = data.reasons.map((row) => ({ ...row }));
  return ok({ data, meta, table, columns: ["about", "speaks", "says"], exit });
}

type Explained = z.infer<typeof accountRoutes.accountExplain.answer>;

function verdictLines(explained: Explained): readonly string[] {
  const { account, right, level, object, device, allowed, offline } = explained;
  const deed = level === "read" ? `read what ${right} protects` : `do what ${right} protects`;
  const place = object === "*" ? "everywhere" : `on ${object}`;
  const may = (isAllowed: boolean): string => (isAllowed ? "may" : "may NOT");
  const first = `${account} ${may(allowed)} ${deed} ${place}.`;
  if (offline === null) return [first];
  return [first, `While no server answers ${device ?? ""}, ${account} ${may(offline)}.`];
}

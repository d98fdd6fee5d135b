import type { Command } from "commander";
import { arbitrationRoutes } from "@gridward/core/api/arbitration-routes";
import { arbitrationModes } from "@gridward/core/domain/arbitration-mode";
import { arbitrationPrices, type ArbitrationPrice } from "@gridward/core/domain/arbitration-price";
import { carryOut, changeQuery, confirm, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed } from "./failure.ts";
import { readSecret } from "./input-file.ts";
import { order, shown } from "./order.ts";

/** gridward pair witness …, pair mode: who decides when a server is silent. */
export function addArbitrationVerbs(pair: Command, cli: Cli): void {
  const witness = pair.command("witness").description("the third machine that remembers the Main");
  witness
    .command("add")
    .description("let the witness that a code names remember who is Main")
    .option("--code-file <file>", 'code of `gridward witness init`, "-" for standard input')
    .option("--allow-same-host", "also on the machine of a server: for a demonstration only")
    .action(async (options: AddOptions, command: Command) =>
      carryOut(cli, command, async (asked) => addWitness(cli, asked, options)),
    );
  pair
    .command("mode <mode>")
    .description(`choose who takes over when a server is silent: ${arbitrationModes.join(", ")}`)
    .action(async (mode: string, _: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => setMode(cli, asked, mode)),
    );
  witness
    .command("remove")
    .description("take the witness out of the system")
    .action(async (_: unknown, command: Command) =>
      carryOut(cli, command, async (asked) => removeWitness(cli, asked)),
    );
}

const labels: readonly (readonly [keyof ArbitrationPrice, string])[] = [
  ["main_lost", "Main lost"],
  ["standby_lost", "Standby lost"],
  ["witness_lost", "Witness lost"],
  ["link_cut", "Link between them cut"],
  ["risk", "Risk"],
];

/** HS7: the price stands where the choice is made. */
async function setMode(cli: Cli, asked: Asked, word: string): Promise<Outcome> {
  const mode = arbitrationModes.find((one) => one === word);
  if (mode === undefined) return failed("client.wrong-use", `mode ${arbitrationModes.join("|")}`);
  const price = arbitrationPrices[mode];
  talk(cli, asked, `Mode ${mode}:`);
  for (const [key, label] of labels) talk(cli, asked, `  ${label}: ${price[key]}`);
  if (cli.program.isInteractive) {
    const question = `The system will be in mode ${mode}.`;
    const sure = await confirm(cli, asked, { question, answer: mode });
    if (!sure.ok) return sure;
  }
  const input = { params: {}, query: changeQuery(asked), body: { mode } };
  return shown(await order({ cli, asked }, arbitrationRoutes.pairMode, input));
}

interface AddOptions {
  readonly codeFile?: string;
  readonly allowSameHost?: boolean;
}

async function addWitness(cli: Cli, asked: Asked, options: AddOptions): Promise<Outcome> {
  const code = await readSecret(cli.program, {
    file: options.codeFile,
    question: "Code of `gridward witness init`: ",
    option: "--code-file",
  });
  if (!code.ok) return code;
  const body = { code: code.value.reveal(), allow_same_host: options.allowSameHost === true };
  const input = { params: {}, query: changeQuery(asked), body };
  return shown(await order({ cli, asked }, arbitrationRoutes.pairWitnessAdd, input));
}

async function removeWitness(cli: Cli, asked: Asked): Promise<Outcome> {
  const question = "Without a witness no Standby takes over by itself.";
  const sure = await confirm(cli, asked, { question, answer: "remove" });
  if (!sure.ok) return sure;
  const input = { params: {}, query: changeQuery(asked), body: null };
  return shown(await order({ cli, asked }, arbitrationRoutes.pairWitnessRemove, input));
}

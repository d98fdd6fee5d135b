import { Command, CommanderError } from "commander";
import { exitCode } from "@gridward/core/api/exit-code";
import { version } from "@gridward/core/base/version";
import { systemClock } from "@gridward/runtime/os/clock";
import { defectFailure, processTerminal, showOutcome } from "@gridward/runtime/os/output";
import { endInterrupted, endWith, onInterrupt, thisProgram } from "@gridward/runtime/os/program";
import { addAccountVerbs } from "./account.ts";
import { addBackupVerbs } from "./backup.ts";
import { addCaVerbs } from "./ca.ts";
import { addCatalogueVerbs } from "./catalogue.ts";
import { addGlobalOptions, type Cli } from "./cli.ts";
import { addDeviceVerbs } from "./device.ts";
import { addDoctorVerb } from "./doctor.ts";
import { addEventVerbs } from "./event.ts";
import { addGroupVerbs } from "./group.ts";
import { addPairVerbs } from "./pair.ts";
import { addPolicyVerbs } from "./policy.ts";
import { addSecurityVerbs } from "./security.ts";
import { addServerVerbs, addSystemVerbs } from "./server.ts";
import { addSessionVerbs } from "./session.ts";

await main();

async function main(): Promise<void> {
  onInterrupt(endInterrupted);
  const program = thisProgram();
  const cli: Cli = { program, terminal: processTerminal(), clock: systemClock() };
  const root = new Command("gridward");
  root.description("central accounts for substations").version(version);
  root.exitOverride().showSuggestionAfterError();
  addGlobalOptions(root);
  addServerVerbs(root, cli);
  addSystemVerbs(root, cli);
  addSessionVerbs(root, cli);
  addPairVerbs(root, cli);
  addSecurityVerbs(root, cli);
  addAccountVerbs(root, cli);
  addPolicyVerbs(root, cli);
  addGroupVerbs(root, cli);
  addCaVerbs(root, cli);
  addCatalogueVerbs(root, cli);
  addEventVerbs(root, cli);
  addDeviceVerbs(root, cli);
  addBackupVerbs(root, cli);
  addDoctorVerb(root, cli);
  for (const command of everyCommand(root)) command.exitOverride();
  try {
    await root.parseAsync([...program.words], { from: "user" });
  } catch (error) {
    // Commander has said on stderr what is wrong; its help is no fault.
    if (error instanceof CommanderError) {
      return endWith(error.exitCode === 0 ? exitCode.done : exitCode.wrongUse);
    }
    const failure = { ok: false, error: defectFailure(error), exit: exitCode.fault } as const;
    endWith(showOutcome(failure, { format: "table", quiet: false }, cli.terminal));
  }
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

import { Command, CommanderError } from "commander";
import { addAccountVerbs } from "@gridward/cli/account";
import { addGlobalOptions, type Cli } from "@gridward/cli/cli";
import { addGroupVerbs } from "@gridward/cli/group";
import { addSessionVerbs } from "@gridward/cli/session";
import { parseJsonText } from "@gridward/core/base/json";
import { systemClock } from "@gridward/runtime/os/clock";
import type { Ran } from "./run-cli.ts";

/**
 * For tests: `gridward WORDS` on accounts and groups in this process, where nobody can be asked. For
 * a journey of so many commands that as many starts of the program would take minutes.
 */
export async function runHere(words: string, stateDirectory: string): Promise<Ran> {
  let [data, talk] = ["", ""];
  const terminal = {
    data: (text: string) => void (data += text),
    talk: (text: string) => void (talk += text),
  };
  const program = { words: words.split(" "), isInteractive: false, stateDirectory };
  const cli: Cli = { program, terminal, clock: systemClock() };
  const root = new Command("gridward");
  addGlobalOptions(root);
  addSessionVerbs(root, cli);
  addAccountVerbs(root, cli);
  addGroupVerbs(root, cli);
  for (const command of everyCommand(root)) {
    command.exitOverride().configureOutput({ writeErr: terminal.talk, writeOut: terminal.data });
  }
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await root.parseAsync(program.words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = 2;
  }
  const exit = process.exitCode;
  process.exitCode = before;
  return { exit, data, talk, json: parseJsonText(data) };
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

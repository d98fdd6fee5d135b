import { Command } from "commander";
import { addAccountVerbs } from "./account.ts";
import { addGlobalOptions, type Cli } from "./cli.ts";
import { addGroupVerbs } from "./group.ts";
import { addSessionVerbs } from "./session.ts";

/** For tests: the verbs of accounts, groups and sessions, which throw where words are wrong. */
export function aRoot(cli: Cli): Command {
  const root = new Command("gridward");
  addGlobalOptions(root);
  addSessionVerbs(root, cli);
  addAccountVerbs(root, cli);
  addGroupVerbs(root, cli);
  const writeOut = (text: string): void => cli.terminal.data(text);
  const writeErr = (text: string): void => cli.terminal.talk(text);
  for (const command of everyCommand(root)) {
    command.exitOverride().configureOutput({ writeErr, writeOut });
  }
  return root;
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

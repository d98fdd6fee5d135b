import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Secret } from "@gridward/core/base/secret";

/** What a program was started with. */
export interface Program {
  /** The words after the program's own name. */
  readonly words: readonly string[];
  /** Somebody sits there who can be asked. */
  readonly isInteractive: boolean;
  /** Where what outlives one command is kept. */
  readonly stateDirectory: string;
}

export function thisProgram(): Program {
  const { GRIDWARD_HOME: own, XDG_STATE_HOME: state } = process.env;
  const shared = join(state ?? join(homedir(), ".local", "state"), "gridward");
  return {
    words: process.argv.slice(2),
    isInteractive: process.stdin.isTTY && process.stderr.isTTY,
    stateDirectory: own ?? shared,
  };
}

/** Ends when everything written has left; only the code is set here. */
export function endWith(code: number): void {
  process.exitCode = code;
}

/** A terminal that is gone must not end the program before it has done what is left to do. */
export function outliveTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}

/** Ends now: somebody pressed Ctrl-C and waits for the prompt of the shell. */
export function endInterrupted(): never {
  process.exit(130);
}

export function onInterrupt(listener: () => void): void {
  process.once("SIGINT", listener);
}

/**
 * Runs another program of ours to its end and gives what it wrote to stdout. `input`, its standard
 * input, is how it gets a secret.
 */
export function runToEnd(
  file: string,
  words: readonly string[],
  input?: Secret<string>,
): { readonly exit: number; readonly data: string } {
  const done = spawnSync(process.execPath, [file, ...words], {
    encoding: "utf8",
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "inherit"],
    ...(input === undefined ? {} : { input: input.reveal() }),
  });
  return { exit: done.status ?? 1, data: done.stdout };
}

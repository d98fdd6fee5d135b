import { aRoot } from "@gridward/cli/a-root";
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
  const root = aRoot({ program, terminal, clock: systemClock() });
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await root.parseAsync(program.words, { from: "user" });
  } catch (error) {
    const isWrongUse = error instanceof Error && error.name === "CommanderError";
    if (!isWrongUse) throw error;
    process.exitCode = 2;
  }
  const exit = process.exitCode;
  process.exitCode = before;
  return { exit, data, talk, json: parseJsonText(data) };
}

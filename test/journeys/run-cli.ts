import { spawn } from "node:child_process";
import { join } from "node:path";
import { parseJsonText } from "@gridward/core/base/json";

/** The program that a person or a script runs. */
export const cliProgram = join(import.meta.dirname, "../../packages/cli/src/main.ts");

export interface Ran {
  readonly exit: number | null;
  readonly data: string;
  readonly talk: string;
  readonly json: unknown;
}

interface RunOrder {
  readonly input?: string | Uint8Array;
  /** Where logins are kept. */
  readonly state: string;
  /** User of the operating system, where it is not our own. */
  readonly uid?: number;
}

/** For tests: `gridward WORDS`, to its end. */
export async function runCli(words: string, order: RunOrder): Promise<Ran> {
  const { input = "", state, uid } = order;
  const child = spawn(process.execPath, [cliProgram, ...words.split(" ")], {
    env: { ...process.env, GRIDWARD_HOME: state },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let [data, talk] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (data += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (talk += text));
  child.stdin.on("error", () => {}); // It may end without having read.
  child.stdin.end(input);
  const exit = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { exit, data, talk, json: parseJsonText(data) };
}

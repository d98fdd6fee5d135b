import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../../scripts/sources.ts";

/** Why nothing of ours in C can be built and used here; false when it can. */
export function whyNotCompiled(): string | false {
  if (process.platform !== "linux") return "Linux only";
  if (spawnSync("gcc", ["--version"]).status !== 0) return "no gcc: apt-get install gcc libc6-dev";
  return false;
}

/** Builds a file of this folder into `to`: a library to preload, or a program. */
export function compile(source: string, to: string, isLibrary: boolean): string {
  const words = isLibrary ? ["-shared", "-fPIC"] : [];
  const from = join(root, "test", "faults", source);
  const built = spawnSync("gcc", ["-O1", "-Wall", "-Werror", ...words, "-o", to, from], {
    encoding: "utf8",
  });
  if (built.status !== 0) throw new Error(built.stderr);
  return to;
}

// `npm test`: everything of `npm run check`, then what needs real programs, time or luck.
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { type Check, checks, type Outcome, runChecks } from "./checks.ts";
import { endCommandsWithUs, runCommand } from "./command.ts";
import { runTests } from "./node-tests.ts";
import { preparePeers } from "./peers.ts";
import { root } from "./sources.ts";

const minute = 60_000;
/**
 * Longer than two of the states that a fault waits for may take (test/faults/servers.ts), so that a
 * failure names the state. By night a fault is played 40 times in one test.
 */
const testLimitMs = (process.env["GRIDWARD_NIGHTLY"] === "1" ? 40 : 3) * minute;
/** Most of the 20 minutes that `npm test` may take. */
const folderLimitMs = (process.env["GRIDWARD_NIGHTLY"] === "1" ? 300 : 14) * minute;
const seeds = 20_000;

endCommandsWithUs();
const hasPeers = await preparePeers(!process.argv.includes("--no-peers"));
const environment = { GRIDWARD_PEERS: hasPeers ? "1" : "0" };
const outcomes = [...(await runChecks(checks, 2)), ...(await runChecks(longChecks(), 1))];
const failed = outcomes.reduce((sum, { tests, isTrue }) => sum + (tests?.failed ?? +!isTrue), 0);
const passed = outcomes.reduce((sum, { tests, isTrue }) => sum + (tests?.passed ?? +isTrue), 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** One after the other: they measure, wait for limits, and start whole systems. */
function longChecks(): readonly Check[] {
  return [
    folder("peers", "Real clients and tools get on with us", 1),
    folder("journeys", "A person's tasks can be done", 1),
    // They wait for limits more than they work.
    folder("faults", "Nothing acknowledged is lost in a fault", 2),
    script(
      "packages/sim/src/gate.ts",
      ["--seeds", String(seeds)],
      `${seeds} simulated lives break no rule`,
    ),
    script("packages/sim/src/mutation-gate.ts", [], "Every rule broken on purpose is seen"),
    script("scripts/demo.ts", ["--unattended"], "The demonstration plays to its end"),
  ].filter((check) => check !== undefined);
}

function folder(name: string, claim: string, atOnce: number): Check | undefined {
  const patterns = [`test/${name}/**/*.test.ts`];
  if (globSync(patterns, { cwd: root }).length === 0) return undefined;
  const run = async (): Promise<Outcome> => {
    const { report, ...tests } = await runTests({
      patterns,
      isolation: "process",
      atOnce,
      testLimitMs,
      limitMs: folderLimitMs,
      environment,
    });
    return { isTrue: tests.failed === 0, report, tests };
  };
  return { claim, explained: 'CONTRIBUTING.md "Tests"', run };
}

function script(file: string, words: readonly string[], claim: string): Check | undefined {
  if (!existsSync(join(root, file))) return undefined;
  const run = async (): Promise<Outcome> => {
    const options = { limitMs: 15 * minute, isShown: true, environment };
    const { code } = await runCommand(process.execPath, [file, ...words], options);
    return { isTrue: code === 0, report: "" };
  };
  return { claim, explained: 'CONTRIBUTING.md "Tests"', run };
}

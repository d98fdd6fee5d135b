import { join } from "node:path";
import { runCommand } from "./command.ts";
import { checkDocs } from "./docs.ts";
import { checkLayers } from "./layers.ts";
import { checkLinks } from "./links.ts";
import { runTests } from "./node-tests.ts";
import { checkSpec } from "./spec.ts";
import { readSources, root } from "./sources.ts";
import { checkWords } from "./words.ts";

/** A claim about the repository, how it is tried, and where the rule is explained. */
export interface Check {
  readonly claim: string;
  readonly explained: string;
  readonly run: () => Promise<Outcome>;
}

export interface Outcome {
  readonly isTrue: boolean;
  /** What was found; shown when the claim is false. */
  readonly report: string;
  /** Tests that ran, where the check is a test run. */
  readonly tests?: { readonly passed: number; readonly failed: number };
}

const tool = (name: string): string => join(root, "node_modules", ".bin", name);

/** What `npm run check` claims, longest first. */
export const checks: readonly Check[] = [
  // Two halves of about the same length: each is one process, which uses one core.
  units("Every unit and property test of servers and what they run on passes", [
    "packages/{server,runtime}/**/*.test.ts",
  ]),
  units("Every unit, property and scenario test of all else passes", [
    "packages/!(server|runtime)/**/*.test.ts",
    "scripts/*.test.ts",
  ]),
  program("Every line obeys the lint rules", 'CONTRIBUTING.md "Lint"', "oxlint", []),
  program("Core knows no platform", 'CONTRIBUTING.md "Types"', "tsc", ["-p", "packages/core"]),
  program("Every type is right", 'CONTRIBUTING.md "Types"', "tsc", ["-p", "."]),
  program("Nothing is dead", 'CONTRIBUTING.md "Dead code"', "knip", ["--no-config-hints"]),
  program("Every file is formatted", 'CONTRIBUTING.md "Format"', "oxfmt", ["--check", "."]),
  judged("Every import points the allowed way", 'CONTRIBUTING.md "Layers"', () =>
    checkLayers(readSources(["packages/*/src/**/*.ts"])),
  ),
  judged("Every promise has a test and every test a promise", 'CONTRIBUTING.md "Promises"', () =>
    checkSpec(
      readSources([
        "packages/**/SPEC.md",
        "scripts/SPEC.md",
        "docs/FEATURES.md",
        "packages/**/*.{test,contract}.ts",
        "{scripts,test}/**/*.test.ts",
        "scripts/demo/*.ts",
      ]),
    ),
  ),
  judged("Nothing is left over or named emptily", 'CONTRIBUTING.md "Words"', () =>
    checkWords(readSources(["{packages,scripts,test,bench}/**/*.ts"])),
  ),
  judged("Every link in the documents leads somewhere", 'CONTRIBUTING.md "Documents"', () =>
    checkLinks(readSources(["*.md", "{docs,packages,examples,scripts}/**/*.md"])),
  ),
  judged("Every generated document is up to date", 'CONTRIBUTING.md "Documents"', checkDocs),
];

/** Runs the checks, so many at a time, and prints each claim as it is decided. */
export async function runChecks(
  list: readonly Check[],
  atOnce: number,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const queue = list.values();
  const worker = async (): Promise<void> => {
    for (const check of queue) {
      const start = performance.now();
      const outcome = await check.run();
      print(check, outcome, Math.round(performance.now() - start));
      outcomes.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return outcomes;
}

function print(check: Check, outcome: Outcome, ms: number): void {
  const { isTrue, report, tests } = outcome;
  console.log(`${isTrue ? "ok  " : "FAIL"} ${check.claim} (${ms} ms)`);
  if (report !== "" && (!isTrue || tests !== undefined)) console.log(indent(report));
  if (!isTrue) console.log(`     The rule is explained in ${check.explained}.`);
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, "     ");
}

function program(claim: string, explained: string, name: string, words: readonly string[]): Check {
  return {
    claim,
    explained,
    run: async () => {
      const { code, output } = await runCommand(tool(name), words, { limitMs: 300_000 });
      return { isTrue: code === 0, report: output };
    },
  };
}

function judged(claim: string, explained: string, judge: () => readonly string[]): Check {
  return {
    claim,
    explained,
    run: async () => {
      const found = judge();
      return { isTrue: found.length === 0, report: found.join("\n") };
    },
  };
}

function units(claim: string, patterns: readonly string[]): Check {
  const run = async (): Promise<Outcome> => {
    const { report, ...tests } = await runTests({
      patterns,
      isolation: "none",
      atOnce: 1,
      testLimitMs: 30_000,
      limitMs: 300_000,
    });
    return { isTrue: tests.failed === 0, report, tests };
  };
  return { claim, explained: 'CONTRIBUTING.md "Tests"', run };
}

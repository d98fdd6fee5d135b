import { globSync } from "node:fs";
import { runCommand } from "./command.ts";
import { root } from "./sources.ts";

export interface TestRun {
  readonly patterns: readonly string[];
  /** Together in one process (quick), or each file in its own (when they start servers). */
  readonly isolation: "none" | "process";
  /** Files at the same time, each in its own process. */
  readonly atOnce: number;
  /** For one test; the whole run is stopped at `limitMs`. */
  readonly testLimitMs: number;
  readonly limitMs: number;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface TestResult {
  readonly passed: number;
  readonly failed: number;
  /** The runner's summary, and the failures when there are any. */
  readonly report: string;
}

/** Runs test files under node's own runner. */
export async function runTests(run: TestRun): Promise<TestResult> {
  const files = globSync([...run.patterns], { cwd: root }).toSorted();
  const { code, output } = await runCommand(
    process.execPath,
    [
      "--test",
      "--test-force-exit",
      `--test-isolation=${run.isolation}`,
      `--test-timeout=${run.testLimitMs}`,
      ...(run.isolation === "process" ? [`--test-concurrency=${run.atOnce}`] : []),
      "--test-reporter=spec",
      ...files,
    ],
    {
      limitMs: run.limitMs,
      ...(run.environment === undefined ? {} : { environment: run.environment }),
    },
  );
  const passed = count(output, "pass");
  const failed = count(output, "fail") + count(output, "cancelled");
  if (code === 0 && failed === 0) return { passed, failed, report: summaryOf(output) };
  return { passed, failed: Math.max(failed, 1), report: failuresOf(output) };
}

function count(output: string, what: string): number {
  return Number(new RegExp(`^ℹ ${what} (\\d+)$`, "m").exec(output)?.[1] ?? 0);
}

function summaryOf(output: string): string {
  return output
    .split("\n")
    .filter((line) => line.startsWith("ℹ "))
    .join("\n");
}

/** A run that was stopped has no summary: then its last lines name the test that hung. */
function failuresOf(output: string): string {
  const start = output.search(/^ℹ tests /m);
  return start >= 0 ? output.slice(start) : output.split("\n").slice(-60).join("\n");
}

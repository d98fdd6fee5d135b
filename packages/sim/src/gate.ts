// The simulator's gate: so many seeds, no violation. `--seeds N --from S --workers W`.
import { parseArgs } from "node:util";
import { runSeeds } from "./crew.ts";

/** Seeds that show a violation are named, up to so many; more say nothing new. */
const namedMost = 5;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20000" },
    from: { type: "string", default: "1" },
    workers: { type: "string", default: "2" },
  },
});
const seeds = Number(values.seeds);
const from = Number(values.from);
const startedAt = performance.now();
const totals = { done: 0, failed: 0, acknowledged: 0, takeovers: 0 };
let told = startedAt;

await runSeeds({ from, seeds, workers: Number(values.workers) }, (outcome) => {
  totals.done++;
  totals.acknowledged += outcome.acknowledged;
  totals.takeovers += outcome.takeovers;
  if (performance.now() - told > 10_000) {
    told = performance.now();
    console.error(`${totals.done} of ${seeds} seeds`);
  }
  const [first] = outcome.violations;
  if (first === undefined) return "go on";
  totals.failed++;
  console.log(`seed ${outcome.seed} breaks ${first.rule}: ${first.says}`);
  console.log(`  again: node packages/sim/src/gate.ts --from ${outcome.seed} --seeds 1`);
  return totals.failed < namedMost ? "go on" : "stop";
});

const seconds = (performance.now() - startedAt) / 1_000;
console.log(
  `${totals.done} seeds, ${totals.acknowledged} changes acknowledged, ` +
    `${totals.takeovers} changes of Main, ${totals.failed} violations, ${seconds.toFixed(1)} s`,
);
process.exitCode = totals.failed === 0 ? 0 : 1;

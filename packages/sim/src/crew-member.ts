// A thread of the gate: runs its share of the seeds and tells each outcome.
import { parentPort, workerData } from "node:worker_threads";
import type { Share } from "./crew.ts";
import { breakRule } from "./break-rule.ts";

// Set by `runSeeds`, the only one that starts this thread.
const { from, until, stride, mutant }: Share = workerData;
if (mutant) breakRule(mutant);
// Loaded only now, so that a broken rule is in what is loaded.
const { run } = await import("./run.ts");
for (let seed = from; seed < until; seed += stride) parentPort?.postMessage(await run(seed));

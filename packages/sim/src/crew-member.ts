// A thread of the gate: runs its share of the seeds and tells each outcome.
import { parentPort, workerData } from "node:worker_threads";
import type { Share } from "./crew.ts";
import { breakRule } from "./break-rule.ts";

const share: unknown = workerData;
if (!isShare(share)) throw new TypeError("this thread is started by runSeeds");
const { from, until, stride, mutant } = share;
if (mutant) breakRule(mutant);
// Loaded only now, so that a broken rule is in what is loaded.
const { run } = await import("./run.ts");
for (let seed = from; seed < until; seed += stride) parentPort?.postMessage(await run(seed));

/** Set by `runSeeds`, the only one that starts this thread. */
function isShare(value: unknown): value is Share {
  return typeof value === "object" && value !== null && "stride" in value && "mutant" in value;
}

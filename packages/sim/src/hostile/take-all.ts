import { parentPort, workerData } from "node:worker_threads";
import * as fc from "fast-check";
import { assert } from "@gridward/core/base/result";
import type { Bytes } from "@gridward/core/base/bytes";
import { openBorders, type Border } from "./borders.ts";
import { cruelInputs, hostileBytes } from "./hostile-bytes.ts";

/** A worker: each border takes all that is cruel and as many others, and says when it is through. */

/** Of one input, on a machine where everything else runs too. */
const mostMs = 5_000;

async function takeTimed(border: Border, bytes: Bytes): Promise<void> {
  const begun = performance.now();
  await border.take(bytes);
  const took = performance.now() - begun;
  assert(took < mostMs, `${bytes.length} bytes took ${Math.round(took)} ms`);
}

async function takeAll(border: Border, runs: number): Promise<void> {
  for (const bytes of cruelInputs) await takeTimed(border, bytes);
  await fc.assert(
    fc.asyncProperty(hostileBytes(border.seeds), async (bytes) => takeTimed(border, bytes)),
    { numRuns: runs },
  );
}

const runs = Number(workerData);
for (const border of await openBorders()) {
  parentPort?.postMessage(border.name);
  await takeAll(border, runs);
}
parentPort?.postMessage("survived");

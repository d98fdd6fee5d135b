import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

/** Without a word of the worker for so long, an input hangs. */
const silenceMax = 60_000;

test("[HI1][HI2][X6][CH5] no bytes make a border of certificates throw, hang, or take memory without bound", async () => {
  const worker = new Worker(new URL("./take-all.ts", import.meta.url), {
    workerData: 80,
    // Of an input of a megabyte at most.
    resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 64 },
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  const reached: string[] = [];
  const hangs = (): void => resolve(`hangs at ${reached.at(-1) ?? "the start"}`);
  let watchdog = setTimeout(hangs, silenceMax);
  worker.on("message", (border: string) => {
    clearTimeout(watchdog);
    watchdog = setTimeout(hangs, silenceMax);
    if (border === "survived") resolve(border);
    else reached.push(border);
  });
  worker.once("error", (error) => resolve(`${reached.at(-1) ?? "the start"}: ${String(error)}`));
  const ending = await promise;
  clearTimeout(watchdog);
  await worker.terminate();
  assert.equal(ending, "survived");
  assert.equal(reached.length, 9);
});

import { Worker } from "node:worker_threads";
import type { Mutant } from "./mutant.ts";
import type { Outcome } from "./run.ts";

/** Which seeds, on how many threads, and with which rule broken, if any. */
export interface Order {
  readonly from: number;
  readonly seeds: number;
  readonly workers: number;
  readonly mutant?: Mutant;
}

/** What a thread is given: every so-many-th seed of a range. */
export interface Share {
  readonly from: number;
  readonly until: number;
  readonly stride: number;
  readonly mutant: Mutant | undefined;
}

/** Runs seeds on threads; `look` sees each outcome and may end it. Rejects when a thread fails. */
export async function runSeeds(
  { from, seeds, workers, mutant }: Order,
  look: (outcome: Outcome) => "go on" | "stop",
): Promise<void> {
  const until = from + seeds;
  const threads = Array.from({ length: workers }, (_, index) => {
    const share: Share = { from: from + index, until, stride: workers, mutant };
    return new Worker(new URL("./crew-member.ts", import.meta.url), { workerData: share });
  });
  const stop = (): unknown => Promise.all(threads.map((thread) => thread.terminate()));
  await Promise.all(
    threads.map(
      (thread) =>
        new Promise<void>((resolve, reject) => {
          thread.on("message", (outcome: Outcome) => {
            if (look(outcome) === "stop") stop();
          });
          thread.on("error", reject);
          thread.on("exit", () => resolve());
        }),
    ),
  );
}

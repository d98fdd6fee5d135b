import assert from "node:assert/strict";
import { test } from "node:test";
import { runSeeds } from "./crew.ts";
import { mutants } from "./mutants.ts";
import type { Outcome } from "./run.ts";
import { seldomMutants } from "./seldom-mutants.ts";

/**
 * Faults that the simulator found in the product, by the seed that shows them when the repair is
 * taken away. A change of the simulator moves the seeds: `mutation-gate.ts --only NAME` tells them.
 */
const kept: readonly (readonly [string, string, number, string])[] = [
  ["[SM4][R13]", "a member whose admission was cut off is not proved again", 4, "I31"],
  ["[SM4][R8]", "a dropped Standby is not told", 258, "R8"],
  ["[SM4][R8]", "a Main that goes on alone tells nobody", 616, "R8"],
  ["[SM4][R12]", "a term whose first entry was cut off is never recorded", 270, "I14"],
  ["[SM4][I32]", "a member that does not follow is waited for without end", 485, "I32"],
  [
    "[SM4][R10]",
    "a place of a term that two took counts as ours by its number alone",
    3_031_001,
    "I1",
  ],
  ["[SM4][I19]", "a promotion counts on from the term of another system", 145, "I9"],
];

async function runOne(seed: number, name: string): Promise<Outcome | undefined> {
  const mutant = [...mutants, ...seldomMutants].find((each) => each.name === name);
  assert.ok(mutant, name);
  let seen: Outcome | undefined;
  await runSeeds({ from: seed, seeds: 1, workers: 1, mutant }, (outcome) => {
    seen = outcome;
    return "go on";
  });
  return seen;
}

for (const [ids, name, seed, rule] of kept) {
  test(`${ids} seed ${seed}: ${name}`, async () => {
    const outcome = await runOne(seed, name);
    assert.equal(outcome?.violations[0]?.rule, rule);
  });
}

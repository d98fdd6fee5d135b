import type { Mutant } from "./mutant.ts";

/** Faults that the simulator found once in a million lives: too seldom for the gate, kept by their seeds. */
export const seldomMutants: readonly Mutant[] = [
  {
    name: "a place of a term that two took counts as ours by its number alone",
    rule: "R10",
    file: "core/src/domain/pair/as-main.ts",
    find: "owner !== null && history.ownerOf(term) !== owner",
    replace: "history.ownerOf(term) === undefined",
  },
];

import { minute } from "@gridward/core/base/time";
import { describe } from "@gridward/core/domain/pair/describe";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { Violation } from "./violation.ts";

/** States in which nothing is amiss: nobody needs to be told what to do. */
const fine: readonly string[] = ["lone", "main-protected", "standby-valid"];

/**
 * I21, I34: were it to stay as it is for ten minutes, a server would say why and what to do, and a
 * first pass would no more be said to move.
 */
export function findUnexplained(pair: PairState, now: number): Violation | undefined {
  const { state, cause, remedy } = describe(pair, now + 10 * minute, null);
  if (state === "standby-synchronising") {
    return { rule: "I21", says: `${pair.self} stands still and is said to move` };
  }
  if (fine.includes(state) || (cause !== null && (remedy ?? "") !== "")) return undefined;
  return { rule: "I34", says: `${pair.self} stays ${state} and nobody is told what to do` };
}

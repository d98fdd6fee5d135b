/** Files that many mutants are of, under `packages`. */
export const ackSet = "core/src/domain/pair/ack-set.ts";
export const asMain = "core/src/domain/pair/as-main.ts";
export const asStandby = "core/src/domain/pair/as-standby.ts";
export const orders = "core/src/domain/pair/orders.ts";
export const start = "core/src/domain/pair/start.ts";
export const term = "core/src/domain/pair/term.ts";

/** A rule broken on purpose: `find` occurs once in `file` (under packages/) and is replaced. */
export interface Mutant {
  readonly name: string;
  /** The rule or invariant that it breaks: SPEC.md beside the pair's rules. */
  readonly rule: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

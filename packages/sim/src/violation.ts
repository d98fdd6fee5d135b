/** One invariant that did not hold, by its id in SPEC.md, and what was seen. */
export interface Violation {
  readonly rule: string;
  readonly says: string;
}

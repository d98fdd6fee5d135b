/** A rule broken on purpose: `find` occurs once in `file` (under packages/) and is replaced. */
export interface Mutant {
  readonly name: string;
  /** The rule or invariant that it breaks: SPEC.md beside the pair's rules. */
  readonly rule: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

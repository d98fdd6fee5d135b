/** A value or the reason why there is none. Refusals are values; only defects throw. */
export type Result<Value, Reason> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: Reason };

export function ok<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

export function err<Reason>(error: Reason): { readonly ok: false; readonly error: Reason } {
  return { ok: false, error };
}

/** We are wrong, not our input: stops the process. */
export class Defect extends Error {
  override readonly name = "Defect";
}

/** States what must be true at this line; a violation is a defect, in production too. */
export function assert(condition: boolean, says: string): asserts condition {
  if (!condition) throw new Defect(says);
}

/** The end of a switch over a union: does not compile when a member is forgotten. */
export function unreachable(value: never): never {
  throw new Defect(`unexpected ${JSON.stringify(value)}`);
}

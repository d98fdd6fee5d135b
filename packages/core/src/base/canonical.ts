/** What may be journalled, hashed or sent: plain JSON without floating surprises. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/**
 * One text for one value: keys sorted by code unit, no white space, absent members left out
 * (RFC 8785 for the values that we use; numbers are safe integers).
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") {
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new TypeError(`not a safe integer: ${value}`);
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object") throw new TypeError(`not JSON: ${typeof value}`);
  return canonicalObject(value);
}

/** Written for speed: every entry and every row passes here. */
function canonicalObject(value: object): string {
  const members: Readonly<Record<string, unknown>> = { ...value };
  let text = "{";
  for (const key of Object.keys(members).toSorted()) {
    const member = members[key];
    if (member === undefined) continue;
    text += `${text === "{" ? "" : ","}${JSON.stringify(key)}:${canonical(member)}`;
  }
  return `${text}}`;
}

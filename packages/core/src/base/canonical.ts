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
  if (typeof value === "string") return quotedText(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new TypeError(`not a safe integer: ${value}`);
    return String(value);
  }
  if (Array.isArray(value)) return canonicalArray(value);
  if (!isObject(value)) throw new TypeError(`not JSON: ${typeof value}`);
  return canonicalObject(value);
}

function canonicalArray(values: readonly unknown[]): string {
  let text = "";
  for (const value of values) text += `${text === "" ? "" : ","}${canonical(value)}`;
  return `[${text}]`;
}

/** Written for speed: every entry and every row passes here several times. */
function canonicalObject(members: Readonly<Record<string, unknown>>): string {
  let text = "";
  for (const key of sortedKeys(members)) {
    const member = members[key];
    if (member === undefined) continue;
    text += `${text === "" ? "" : ","}${quoted(key)}${canonical(member)}`;
  }
  return `{${text}}`;
}

/** Short texts without anything to escape are most of them. */
const plainLengthMost = 64;
const plain = /^[ !#-[\]-~]*$/;

function quotedText(text: string): string {
  const isPlain = text.length <= plainLengthMost && plain.test(text);
  return isPlain ? `"${text}"` : JSON.stringify(text);
}

/** Few are sorted quicker by insertion than by the engine. */
const fewKeys = 16;

function sortedKeys(members: Readonly<Record<string, unknown>>): readonly string[] {
  const keys = Object.keys(members);
  if (keys.length > fewKeys) return keys.toSorted();
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index] ?? "";
    let place = index;
    for (; place > 0 && (keys[place - 1] ?? "") > key; place--) keys[place] = keys[place - 1] ?? "";
    keys[place] = key;
  }
  return keys;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Names of members are few and come again and again; what is kept of them is bounded. */
const quotedNames = new Map<string, string>();
const quotedNamesMost = 1_000;

function quoted(name: string): string {
  const known = quotedNames.get(name);
  if (known !== undefined) return known;
  const text = `${JSON.stringify(name)}:`;
  if (quotedNames.size < quotedNamesMost) quotedNames.set(name, text);
  return text;
}

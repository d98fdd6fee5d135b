import type { Dn } from "./dn.ts";
import type { AssertionValue, LdapFilter } from "./filter.ts";
import type { MatchingRule } from "./matching-rule.ts";
import {
  type AttributeType,
  findAttributeType,
  findMatchingRule,
  findObjectClass,
} from "./schema.ts";

/** What a filter looks at. Values are asked for one attribute at a time, by canonical name. */
export interface FilterEntry {
  readonly dn: () => Dn;
  readonly names: () => Iterable<string>;
  readonly valuesOf: (name: string) => readonly string[];
  /** A short way for long lists of values: is this normal form among them? Undefined: look. */
  readonly holds?: (name: string, normal: string) => boolean | undefined;
}

/** RFC 4511 §4.5.1.7: true, false, or undefined for Undefined. */
export type FilterTest = (entry: FilterEntry) => boolean | undefined;

/** A test for many entries: names and values of the filter are looked at once, here. */
export function compileFilter(filter: LdapFilter): FilterTest {
  switch (filter.kind) {
    case "and":
      return allOf(filter.filters.map(compileFilter));
    case "or":
      return anyOf(filter.filters.map(compileFilter));
    case "not":
      return notOf(compileFilter(filter.filter));
    case "equal":
    case "approximate": // RFC 4511 §4.5.1.7.6: without an approximate rule, equality.
      return onType(filter.attribute, (type) => equalTo(type, filter.value));
    case "greater-or-equal":
      return onType(filter.attribute, (type) => ordered(type, filter.value, (sign) => sign >= 0));
    case "less-or-equal":
      return onType(filter.attribute, (type) => ordered(type, filter.value, (sign) => sign <= 0));
    case "substrings":
      return onType(filter.attribute, (type) => containing(type, filter));
    case "present":
      return onType(filter.attribute, present);
    case "extensible":
      return extensible(filter);
  }
}

const undefinedTest: FilterTest = () => undefined;

function allOf(tests: readonly FilterTest[]): FilterTest {
  return (entry) => {
    let outcome: boolean | undefined = true;
    for (const test of tests) {
      const one = test(entry);
      if (one === false) return false;
      if (one === undefined) outcome = undefined;
    }
    return outcome;
  };
}

function anyOf(tests: readonly FilterTest[]): FilterTest {
  return (entry) => {
    let outcome: boolean | undefined = false;
    for (const test of tests) {
      const one = test(entry);
      if (one === true) return true;
      if (one === undefined) outcome = undefined;
    }
    return outcome;
  };
}

function notOf(test: FilterTest): FilterTest {
  return (entry) => {
    const one = test(entry);
    return one === undefined ? undefined : !one;
  };
}

/** An attribute that we do not know makes the item Undefined, not an error. */
function onType(name: string, make: (type: AttributeType) => FilterTest): FilterTest {
  const type = findAttributeType(name);
  return type === undefined ? undefinedTest : make(type);
}

function present(type: AttributeType): FilterTest {
  return (entry) => entry.valuesOf(type.name).length > 0;
}

/** RFC 4517 §4.2.26: a class that we do not know is Undefined. */
function normaliseAssertion(type: AttributeType, value: AssertionValue): string | undefined {
  if (value === undefined) return undefined;
  return type.name === "objectClass" ? findObjectClass(value) : type.rule.normalise(value);
}

function equalTo(type: AttributeType, value: AssertionValue): FilterTest {
  const wanted = normaliseAssertion(type, value);
  if (wanted === undefined) return undefinedTest;
  const among = someValue(type, (normal) => normal === wanted);
  return (entry) => entry.holds?.(type.name, wanted) ?? among(entry);
}

function ordered(
  type: AttributeType,
  value: AssertionValue,
  accepts: (sign: number) => boolean,
): FilterTest {
  const wanted = normaliseAssertion(type, value);
  const { order } = type.rule;
  if (wanted === undefined || order === undefined) return undefinedTest;
  return someValue(type, (normal) => accepts(order(normal, wanted)));
}

function someValue(type: AttributeType, accepts: (normal: string) => boolean): FilterTest {
  return (entry) => hasValue(entry.valuesOf(type.name), type.rule, accepts);
}

function hasValue(
  values: readonly string[],
  rule: MatchingRule,
  accepts: (normal: string) => boolean,
): boolean {
  for (const value of values) {
    const normal = rule.normalise(value);
    if (normal !== undefined && accepts(normal)) return true;
  }
  return false;
}

function containing(
  type: AttributeType,
  filter: Extract<LdapFilter, { kind: "substrings" }>,
): FilterTest {
  const { normalisePiece } = type.rule;
  const given = [filter.initial ?? "", ...filter.any, filter.final ?? ""];
  const isText = filter.initial !== undefined && filter.final !== undefined;
  if (normalisePiece === undefined || !isText) return undefinedTest;
  const pieces: string[] = [];
  for (const piece of given) {
    if (piece === undefined) return undefinedTest;
    pieces.push(normalisePiece(piece));
  }
  const [initial = "", ...middle] = pieces;
  const final = middle.pop() ?? "";
  return someValue(type, (normal) => hasPieces(normal, initial.trimStart(), middle, final));
}

function hasPieces(
  value: string,
  initial: string,
  middle: readonly string[],
  final: string,
): boolean {
  if (!value.startsWith(initial)) return false;
  let offset = initial.length;
  for (const piece of middle) {
    const found = value.indexOf(piece, offset);
    if (found === -1) return false;
    offset = found + piece.length;
  }
  const tail = final.trimEnd();
  return value.length - tail.length >= offset && value.endsWith(tail);
}

/** RFC 4511 §4.5.1.7.7. Without a rule the attribute's own; without an attribute, all of them. */
function extensible(filter: Extract<LdapFilter, { kind: "extensible" }>): FilterTest {
  const type = filter.attribute === null ? null : findAttributeType(filter.attribute);
  const rule = filter.rule === null ? type?.rule : findMatchingRule(filter.rule);
  const wanted = filter.value === undefined ? undefined : rule?.normalise(filter.value);
  if (type === undefined || rule === undefined || wanted === undefined) return undefinedTest;
  const accepts = (normal: string): boolean => normal === wanted;
  return (entry) => {
    if (filter.withDnAttributes && hasValue(dnValues(entry.dn(), type), rule, accepts)) return true;
    if (type !== null) return hasValue(entry.valuesOf(type.name), rule, accepts);
    for (const name of entry.names()) {
      const isUsable = findAttributeType(name)?.rule === rule;
      if (isUsable && hasValue(entry.valuesOf(name), rule, accepts)) return true;
    }
    return false;
  };
}

function dnValues(dn: Dn, type: AttributeType | null): readonly string[] {
  const parts = dn.flat().filter((part) => type === null || findAttributeType(part.type) === type);
  return parts.map((part) => part.value);
}

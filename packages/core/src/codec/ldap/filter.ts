import {
  type BerElement,
  berTags,
  booleanOf,
  encodeBer,
  encodeBerBoolean,
  textOf,
} from "../ber.ts";
import { type Bytes, utf8 } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { ldapFilterDepthMax } from "./limits.ts";

/** A value that is not UTF-8 matches no syntax of ours: kept as undefined, it stays Undefined. */
export type AssertionValue = string | undefined;

/** RFC 4511 §4.5.1.7. */
export type LdapFilter =
  | { readonly kind: "and" | "or"; readonly filters: readonly LdapFilter[] }
  | { readonly kind: "not"; readonly filter: LdapFilter }
  | {
      readonly kind: "equal" | "greater-or-equal" | "less-or-equal" | "approximate";
      readonly attribute: string;
      readonly value: AssertionValue;
    }
  | {
      readonly kind: "substrings";
      readonly attribute: string;
      readonly initial: AssertionValue | null;
      readonly any: readonly AssertionValue[];
      readonly final: AssertionValue | null;
    }
  | { readonly kind: "present"; readonly attribute: string }
  | {
      readonly kind: "extensible";
      readonly rule: string | null;
      readonly attribute: string | null;
      readonly value: AssertionValue;
      readonly withDnAttributes: boolean;
    };

export type FilterRefusal = "malformed filter" | "filter nested too deeply";

const choiceTags = {
  and: 0xa0,
  or: 0xa1,
  not: 0xa2,
  equal: 0xa3,
  substrings: 0xa4,
  "greater-or-equal": 0xa5,
  "less-or-equal": 0xa6,
  present: 0x87,
  approximate: 0xa8,
  extensible: 0xa9,
} as const;

const kindByTag: ReadonlyMap<number, LdapFilter["kind"]> = new Map([
  [choiceTags.and, "and"],
  [choiceTags.or, "or"],
  [choiceTags.not, "not"],
  [choiceTags.equal, "equal"],
  [choiceTags.substrings, "substrings"],
  [choiceTags["greater-or-equal"], "greater-or-equal"],
  [choiceTags["less-or-equal"], "less-or-equal"],
  [choiceTags.present, "present"],
  [choiceTags.approximate, "approximate"],
  [choiceTags.extensible, "extensible"],
]);

const tags = {
  initial: 0x80,
  any: 0x81,
  final: 0x82,
  rule: 0x81,
  type: 0x82,
  value: 0x83,
  dnAttributes: 0x84,
} as const;

export function decodeFilter(
  element: BerElement | undefined,
  depth = 1,
): Result<LdapFilter, FilterRefusal> {
  if (depth > ldapFilterDepthMax) return err("filter nested too deeply");
  const kind = element && kindByTag.get(element.tag);
  if (element === undefined || kind === undefined) return err("malformed filter");
  switch (kind) {
    case "and":
    case "or":
      return decodeSet(kind, element, depth);
    case "not":
      return decodeNot(element, depth);
    case "equal":
    case "greater-or-equal":
    case "less-or-equal":
    case "approximate":
      return decodeAssertion(kind, element);
    case "substrings":
      return decodeSubstrings(element);
    case "present":
      return decodePresent(element);
    case "extensible":
      return decodeExtensible(element);
  }
}

function decodeSet(
  kind: "and" | "or",
  element: BerElement,
  depth: number,
): Result<LdapFilter, FilterRefusal> {
  const filters: LdapFilter[] = [];
  for (const child of element.children) {
    const filter = decodeFilter(child, depth + 1);
    if (!filter.ok) return filter;
    filters.push(filter.value);
  }
  return ok({ kind, filters }); // Empty sets are True and False (RFC 4526).
}

function decodeNot(element: BerElement, depth: number): Result<LdapFilter, FilterRefusal> {
  if (element.children.length !== 1) return err("malformed filter");
  const filter = decodeFilter(element.children[0], depth + 1);
  return filter.ok ? ok({ kind: "not", filter: filter.value }) : filter;
}

function decodeAssertion(
  kind: "equal" | "greater-or-equal" | "less-or-equal" | "approximate",
  element: BerElement,
): Result<LdapFilter, FilterRefusal> {
  const attribute = textOf(element.children[0], berTags.octetString);
  const value = element.children[1];
  if (attribute === undefined || element.children.length !== 2) return err("malformed filter");
  if (value?.tag !== berTags.octetString) return err("malformed filter");
  return ok({ kind, attribute, value: textOf(value, berTags.octetString) });
}

function decodePresent(element: BerElement): Result<LdapFilter, FilterRefusal> {
  const attribute = textOf(element, choiceTags.present);
  return attribute === undefined ? err("malformed filter") : ok({ kind: "present", attribute });
}

function decodeSubstrings(element: BerElement): Result<LdapFilter, FilterRefusal> {
  const attribute = textOf(element.children[0], berTags.octetString);
  const list = element.children[1];
  if (attribute === undefined || element.children.length !== 2) return err("malformed filter");
  if (list?.tag !== berTags.sequence || list.children.length === 0) return err("malformed filter");
  const pieces = [...list.children];
  // Initial can only come first and final only last (RFC 4511 §4.5.1.7.2).
  const initial = pieces[0]?.tag === tags.initial ? textOf(pieces.shift(), tags.initial) : null;
  const final = pieces.at(-1)?.tag === tags.final ? textOf(pieces.pop(), tags.final) : null;
  if (pieces.some((piece) => piece.tag !== tags.any)) return err("malformed filter");
  const any = pieces.map((piece) => textOf(piece, tags.any));
  return ok({ kind: "substrings", attribute, initial, any, final });
}

/** [1] rule, [2] attribute, [3] value, [4] dnAttributes: in this order, all but the value may miss. */
function decodeExtensible(element: BerElement): Result<LdapFilter, FilterRefusal> {
  const rest = [...element.children];
  const take = (tag: number): BerElement | undefined =>
    rest[0]?.tag === tag ? rest.shift() : undefined;
  const rule = optionalText(take(tags.rule));
  const attribute = optionalText(take(tags.type));
  const value = take(tags.value);
  const flag = take(tags.dnAttributes);
  const withDnAttributes = flag ? booleanOf(flag, tags.dnAttributes) : false;
  if (rest.length > 0 || value === undefined) return err("malformed filter");
  if (rule === undefined || attribute === undefined || withDnAttributes === undefined) {
    return err("malformed filter");
  }
  if (rule === null && attribute === null) return err("malformed filter");
  const text = textOf(value, tags.value);
  return ok({ kind: "extensible", rule, attribute, value: text, withDnAttributes });
}

/** null: not there. undefined: there, but not UTF-8. */
function optionalText(element: BerElement | undefined): string | null | undefined {
  return element ? textOf(element, element.tag) : null;
}

/** An undefined value is written as an octet that is never UTF-8. */
function encodeValue(tag: number, value: AssertionValue): Bytes {
  return encodeBer(tag, value === undefined ? Uint8Array.of(0xff) : utf8(value));
}

export function encodeFilter(filter: LdapFilter): Bytes {
  switch (filter.kind) {
    case "and":
    case "or":
      return encodeBer(choiceTags[filter.kind], ...filter.filters.map(encodeFilter));
    case "not":
      return encodeBer(choiceTags.not, encodeFilter(filter.filter));
    case "equal":
    case "greater-or-equal":
    case "less-or-equal":
    case "approximate":
      return encodeBer(
        choiceTags[filter.kind],
        encodeValue(berTags.octetString, filter.attribute),
        encodeValue(berTags.octetString, filter.value),
      );
    case "substrings":
      return encodeSubstrings(filter);
    case "present":
      return encodeBer(choiceTags.present, utf8(filter.attribute));
    case "extensible":
      return encodeBer(
        choiceTags.extensible,
        ...(filter.rule === null ? [] : [encodeValue(tags.rule, filter.rule)]),
        ...(filter.attribute === null ? [] : [encodeValue(tags.type, filter.attribute)]),
        encodeValue(tags.value, filter.value),
        ...(filter.withDnAttributes ? [encodeBerBoolean(tags.dnAttributes, true)] : []),
      );
  }
}

function encodeSubstrings(filter: Extract<LdapFilter, { kind: "substrings" }>): Bytes {
  const pieces: Bytes[] = [];
  if (filter.initial !== null) pieces.push(encodeValue(tags.initial, filter.initial));
  for (const piece of filter.any) pieces.push(encodeValue(tags.any, piece));
  if (filter.final !== null) pieces.push(encodeValue(tags.final, filter.final));
  return encodeBer(
    choiceTags.substrings,
    encodeValue(berTags.octetString, filter.attribute),
    encodeBer(berTags.sequence, ...pieces),
  );
}

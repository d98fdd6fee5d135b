import { parseDnKey } from "./dn.ts";
import { foldCase, squeezeSpaces } from "./prepare.ts";

/** How values of one syntax are compared (RFC 4517 §4.2), on a normal form of each. */
export interface MatchingRule {
  readonly name: string;
  readonly oid: string;
  /** Syntax of the assertion value. */
  readonly syntax: string;
  /** Equal values have equal normal forms; undefined: not a value of the syntax. */
  readonly normalise: (value: string) => string | undefined;
  /** Below zero: the left normal form comes first. Rules without an order answer Undefined. */
  readonly order?: (left: string, right: string) => number;
  /** Normal form of a piece of a value, where substrings can be asked for. */
  readonly normalisePiece?: (piece: string) => string;
}

const syntaxes = {
  boolean: "1.3.6.1.4.1.1466.115.121.1.7",
  dn: "1.3.6.1.4.1.1466.115.121.1.12",
  directoryString: "1.3.6.1.4.1.1466.115.121.1.15",
  generalizedTime: "1.3.6.1.4.1.1466.115.121.1.24",
  ia5String: "1.3.6.1.4.1.1466.115.121.1.26",
  integer: "1.3.6.1.4.1.1466.115.121.1.27",
  oid: "1.3.6.1.4.1.1466.115.121.1.38",
  uuid: "1.3.6.1.1.16.1",
} as const;

export const ldapSyntaxes: readonly { readonly oid: string; readonly name: string }[] = [
  { oid: syntaxes.boolean, name: "Boolean" },
  { oid: syntaxes.dn, name: "DN" },
  { oid: syntaxes.directoryString, name: "Directory String" },
  { oid: syntaxes.generalizedTime, name: "Generalized Time" },
  { oid: syntaxes.ia5String, name: "IA5 String" },
  { oid: syntaxes.integer, name: "INTEGER" },
  { oid: syntaxes.oid, name: "OID" },
  { oid: syntaxes.uuid, name: "UUID" },
];

export const matchingRules = {
  caseIgnore: {
    name: "caseIgnoreMatch",
    oid: "2.5.13.2",
    syntax: syntaxes.directoryString,
    normalise: (value) => foldCase(value).trim(),
    normalisePiece: foldCase,
  },
  caseExact: {
    name: "caseExactMatch",
    oid: "2.5.13.5",
    syntax: syntaxes.directoryString,
    normalise: (value) => squeezeSpaces(value).trim(),
    normalisePiece: squeezeSpaces,
  },
  caseExactIa5: {
    name: "caseExactIA5Match",
    oid: "1.3.6.1.4.1.1466.109.114.1",
    syntax: syntaxes.ia5String,
    normalise: (value) => squeezeSpaces(value).trim(),
    normalisePiece: squeezeSpaces,
  },
  integer: {
    name: "integerMatch",
    oid: "2.5.13.14",
    syntax: syntaxes.integer,
    normalise: normaliseInteger,
    order: (left, right) => Number(BigInt(left) - BigInt(right)),
  },
  boolean: {
    name: "booleanMatch",
    oid: "2.5.13.13",
    syntax: syntaxes.boolean,
    normalise: (value) => (value === "TRUE" || value === "FALSE" ? value : undefined),
  },
  objectIdentifier: {
    name: "objectIdentifierMatch",
    oid: "2.5.13.0",
    syntax: syntaxes.oid,
    normalise: (value) => value.trim().toLowerCase(),
  },
  distinguishedName: {
    name: "distinguishedNameMatch",
    oid: "2.5.13.1",
    syntax: syntaxes.dn,
    normalise: normaliseDnText,
  },
  generalizedTime: {
    name: "generalizedTimeMatch",
    oid: "2.5.13.27",
    syntax: syntaxes.generalizedTime,
    normalise: normaliseTime,
    order: (left, right) => Number(left) - Number(right),
  },
  uuid: {
    name: "UUIDMatch",
    oid: "1.3.6.1.1.16.2",
    syntax: syntaxes.uuid,
    normalise: (value) => (uuidPattern.test(value) ? value.toLowerCase() : undefined),
  },
} as const satisfies Record<string, MatchingRule>;

export type MatchingRuleKey = keyof typeof matchingRules;

const uuidPattern = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const integerPattern = /^(-?)0*(\d{1,38})$/;
const timePattern =
  /^(\d{4})(\d{2})(\d{2})(\d{2})(?:(\d{2})(?:(\d{2})(?:[.,](\d{1,3}))?)?)?(?:Z|([+-])(\d{2})(\d{2})?)$/;

function normaliseInteger(value: string): string | undefined {
  const match = integerPattern.exec(value);
  if (match === null) return undefined;
  const [, sign = "", digits = "0"] = match;
  return digits === "0" ? "0" : sign + digits;
}

/** RFC 4517 §3.3.13, to milliseconds since 1970. */
function normaliseTime(value: string): string | undefined {
  const match = timePattern.exec(value);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute = "0", second = "0", fraction = "0", sign, ...zone] =
    match;
  const local = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(fraction.padEnd(3, "0")),
  );
  const ahead = (Number(zone[0] ?? 0) * 60 + Number(zone[1] ?? 0)) * 60_000;
  return String(sign === "-" ? local + ahead : local - ahead);
}

function normaliseDnText(value: string): string | undefined {
  const key = parseDnKey(value);
  return key.ok ? key.value.join(",") : undefined;
}

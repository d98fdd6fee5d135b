import { decodeHex, decodeUtf8 } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { berTags, decodeBer, textOf } from "../ber.ts";
import { foldCase } from "./prepare.ts";
import { ldapDnMax, ldapRdnsMax } from "./limits.ts";

/** One `type=value` of a relative distinguished name; more than one when joined by `+`. */
export interface NamePart {
  readonly type: string;
  readonly value: string;
}

export type Rdn = readonly NamePart[];

/** A distinguished name, nearest part first (RFC 4514). The root is the empty list. */
export type Dn = readonly Rdn[];

/** Parses the text form; the refusal says in words what is wrong. Never throws. */
export function parseDn(text: string): Result<Dn, string> {
  if (text.length > ldapDnMax) return err("the name is too long");
  const rdns: Rdn[] = [];
  if (/^ *$/.test(text)) return ok(rdns);
  let parts: NamePart[] = [];
  let offset = 0;
  for (;;) {
    const type = readType(text, offset);
    if (type === undefined) return err("a part of the name has no attribute type");
    const value = readValue(text, type.next);
    if (value === undefined) return err("a value of the name is not escaped as RFC 4514 asks");
    parts.push({ type: type.text, value: value.text });
    offset = value.next + 1; // Ends: every round consumes at least `t=` and a separator.
    if (text[value.next] === "+") continue;
    rdns.push(parts);
    parts = [];
    if (rdns.length > ldapRdnsMax) return err("the name has too many parts");
    if (value.next >= text.length) return ok(rdns);
  }
}

interface Piece {
  readonly text: string;
  readonly next: number;
}

const typePattern = / *([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+) *= */y;

function readType(text: string, offset: number): Piece | undefined {
  typePattern.lastIndex = offset;
  const match = typePattern.exec(text);
  if (match?.[1] === undefined) return undefined;
  return { text: match[1], next: typePattern.lastIndex };
}

/** Plain characters, escaped octets of one UTF-8 sequence, or one escaped character (§3). */
const valuePiece = /([^\\,;+"<>\0]+)|((?:\\[0-9a-fA-F]{2})+)|\\([ "#+,;<=>\\])/y;

/** Reads up to an unescaped `,`, `;` (RFC 2253 peers) or `+`; `next` is where that stands. */
function readValue(text: string, offset: number): Piece | undefined {
  if (text[offset] === "#") return readHexValue(text, offset + 1);
  let value = "";
  let kept = 0; // Everything up to here stays: trailing spaces count only when escaped.
  let next = offset;
  valuePiece.lastIndex = offset;
  for (let match = valuePiece.exec(text); match !== null; match = valuePiece.exec(text)) {
    const [, plain, octets, escaped] = match;
    const decoded = octets === undefined ? ok(plain ?? escaped ?? "") : decodeOctets(octets);
    if (!decoded.ok) return undefined;
    value += decoded.value;
    kept = plain === undefined ? value.length : Math.max(kept, lengthWithoutSpaces(value));
    next = valuePiece.lastIndex; // Ends: a piece is at least one character long.
  }
  const isAtEnd = next >= text.length || separators.includes(text.charAt(next));
  return isAtEnd ? { text: value.slice(0, kept), next } : undefined;
}

const separators = ",;+";

function lengthWithoutSpaces(value: string): number {
  let length = value.length;
  while (value[length - 1] === " ") length--; // Only SPACE: other white space is part of a value.
  return length;
}

function decodeOctets(escaped: string): Result<string, unknown> {
  const bytes = decodeHex(escaped.replaceAll("\\", ""));
  return bytes.ok ? decodeUtf8(bytes.value) : bytes;
}

/** RFC 4514 §2.4: `#` and the BER of the value in hexadecimal. */
function readHexValue(text: string, offset: number): Piece | undefined {
  let next = offset;
  while (next < text.length && /[0-9a-fA-F]/.test(text.charAt(next))) next++;
  const bytes = decodeHex(text.slice(offset, next));
  while (text[next] === " ") next++;
  if (next < text.length && !separators.includes(text.charAt(next))) return undefined;
  const element = bytes.ok ? decodeBer(bytes.value) : bytes;
  if (!element.ok) return undefined;
  const value =
    textOf(element.value, berTags.octetString) ??
    textOf(element.value, utf8StringTag) ??
    textOf(element.value, printableStringTag);
  return value === undefined ? undefined : { text: value, next };
}

const utf8StringTag = 0x0c;
const printableStringTag = 0x13;

/** The text form, with everything escaped that must be. */
export function formatDn(dn: Dn): string {
  return dn.map(formatRdn).join(",");
}

function formatRdn(rdn: Rdn): string {
  return rdn.map((part) => `${part.type}=${escapeDnValue(part.value)}`).join("+");
}

/** RFC 4514 §2.4. */
export function escapeDnValue(value: string): string {
  if (!needsEscape.test(value)) return value; // Nearly every name.
  return value
    .replaceAll(/[\\",+;<>=]/g, "\\$&")
    .replaceAll("\0", "\\00")
    .replaceAll(/^[ #]| $/g, "\\$&");
}

const needsEscape = /[\\",+;<>=\0]|^[ #]| $/;

/**
 * One text a part, equal for names that mean the same: types by their short name, values without
 * case, parts of a multi-valued RDN in order. Every naming attribute of ours ignores case.
 */
export function normaliseDn(dn: Dn): readonly string[] {
  return dn.map(normaliseRdn);
}

/** Text to normal form in one step. */
export function parseDnKey(text: string): Result<readonly string[], string> {
  const dn = parseDn(text);
  return dn.ok ? ok(normaliseDn(dn.value)) : dn;
}

function normaliseRdn(rdn: Rdn): string {
  const parts = rdn.map((part) => {
    const type = part.type.toLowerCase();
    return `${namingAttributes[type] ?? type}=${escapeDnValue(foldCase(part.value).trim())}`;
  });
  return parts.toSorted().join("+");
}

/** RFC 4514 §3, and the long names of RFC 4519. */
const namingAttributes: Readonly<Record<string, string>> = {
  "2.5.4.3": "cn",
  commonname: "cn",
  "2.5.4.6": "c",
  "2.5.4.7": "l",
  "2.5.4.8": "st",
  "2.5.4.10": "o",
  "2.5.4.11": "ou",
  organizationalunitname: "ou",
  "0.9.2342.19200300.100.1.1": "uid",
  userid: "uid",
  "0.9.2342.19200300.100.1.25": "dc",
  domaincomponent: "dc",
};

import { decodeBase64, encodeBase64 } from "../../base/base64.ts";
import { decodeUtf8, utf8 } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** One entry of an LDIF file (RFC 2849), with the line on which it begins. */
export interface LdifRecord {
  readonly line: number;
  readonly dn: string;
  /** By attribute description in lower case; a value that is no text is left out. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

/** What is wrong, and on which line, counted from 1. */
export interface FileFault {
  readonly line: number;
  readonly says: string;
}

/** A line with those that continue it. */
interface LogicalLine {
  readonly line: number;
  readonly text: string;
}

interface Growing {
  readonly line: number;
  readonly dn: string;
  readonly attributes: Map<string, string[]>;
  count: number;
}

/** More than any person's entry has. */
const valuesPerEntryMax = 10_000;

/**
 * Entries of an LDIF file: those of its content, or of changes that add (as ldifde writes them).
 * Other changes, and values by URL, are refused: nothing is read but the file. Never throws.
 */
export function decodeLdif(
  text: string,
  entriesMax: number,
): Result<readonly LdifRecord[], FileFault> {
  const unfolded = unfold(text);
  const lines = unfolded.ok ? withoutVersion(unfolded.value) : unfolded;
  if (!lines.ok) return lines;
  const records: LdifRecord[] = [];
  let growing: Growing | undefined;
  for (const one of lines.value) {
    if (one.text === "") {
      growing = undefined;
      continue;
    }
    const read = readLine(one);
    if (!read.ok) return read;
    const taken = growing === undefined ? begin(one, read.value) : grow(growing, one, read.value);
    if (!taken.ok) return taken;
    if (growing === undefined && records.push(taken.value) > entriesMax) {
      return fault(one, `more than ${entriesMax} entries`);
    }
    growing = taken.value;
  }
  return ok(records);
}

function withoutVersion(lines: readonly LogicalLine[]): Result<readonly LogicalLine[], FileFault> {
  const [first] = lines;
  if (first === undefined || !/^version:/i.test(first.text)) return ok(lines);
  const isKnown = /^version: *1 *$/i.test(first.text);
  return isKnown ? ok(lines.slice(1)) : fault(first, "only version 1 of LDIF can be read");
}

/** The value is null where it is no text. */
interface Named {
  readonly name: string;
  readonly value: string | null;
}

function begin(one: LogicalLine, { name, value }: Named): Result<Growing, FileFault> {
  if (name !== "dn") return fault(one, "an entry begins with dn:");
  return ok({ line: one.line, dn: value ?? "", attributes: new Map(), count: 0 });
}

function grow(
  growing: Growing,
  one: LogicalLine,
  { name, value }: Named,
): Result<Growing, FileFault> {
  growing.count += 1;
  if (growing.count > valuesPerEntryMax) return fault(one, `more than ${valuesPerEntryMax} values`);
  if (name === "changetype") {
    const isAdded = value?.trim().toLowerCase() === "add";
    return isAdded
      ? ok(growing)
      : fault(one, "only entries, and changes that add one, can be read");
  }
  if (value === null) return ok(growing);
  const values = growing.attributes.get(name);
  if (values === undefined) growing.attributes.set(name, [value]);
  else values.push(value);
  return ok(growing);
}

/** Comments are left out; an empty text ends an entry. */
function unfold(text: string): Result<readonly LogicalLine[], FileFault> {
  const lines: { line: number; parts: string[] }[] = [];
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const place = { line: index + 1 };
    if (!line.startsWith(" ")) {
      lines.push({ ...place, parts: [line] });
      continue;
    }
    const last = lines.at(-1);
    if (last === undefined || last.parts[0] === "") {
      return fault(place, "a line that begins with a space continues none");
    }
    last.parts.push(line.slice(1));
  }
  return ok(
    lines
      .map(({ line, parts }) => ({ line, text: parts.join("") }))
      .filter(({ text: one }) => !one.startsWith("#")),
  );
}

const linePattern = /^([A-Za-z0-9][A-Za-z0-9.;_-]*):([:<]?) *(.*)$/s;

function readLine(one: LogicalLine): Result<Named, FileFault> {
  const [, description, kind, rest] = linePattern.exec(one.text) ?? [];
  if (description === undefined || rest === undefined) return fault(one, "no attribute: value");
  if (kind === "<") return fault(one, "a value by URL is not read");
  const name = description.toLowerCase();
  if (kind !== ":") return ok({ name, value: rest });
  const bytes = decodeBase64(rest.trimEnd());
  if (!bytes.ok) return fault(one, "not base64");
  const value = decodeUtf8(bytes.value);
  return ok({ name, value: value.ok ? value.value : null });
}

function fault({ line }: { readonly line: number }, says: string): Result<never, FileFault> {
  return err({ line, says });
}

/** An entry to be written; values in their order. */
export interface LdifEntry {
  readonly dn: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

/** As RFC 2849 writes it: version first, an empty line between entries, folded at 76 columns. */
export function encodeLdif(entries: readonly LdifEntry[]): string {
  return [
    "version: 1\n",
    ...entries.map(({ dn, attributes }) =>
      [["dn", dn] as const, ...attributes].map(([name, value]) => writeLine(name, value)).join(""),
    ),
  ].join("\n");
}

function writeLine(name: string, value: string): string {
  const text = isSafe(value) ? `${name}: ${value}` : `${name}:: ${encodeBase64(utf8(value))}`;
  return `${text.replaceAll(/(?<=^.{76}(?:.{75})*)(?=.)/gs, "\n ")}\n`;
}

/** SAFE-STRING of RFC 2849, and none that ends with a space. */
function isSafe(value: string): boolean {
  return safePattern.test(value) && !value.endsWith(" ");
}

// oxlint-disable-next-line no-control-regex -- these are the characters that the standard names
const safePattern = /^(?![ :<])[\u0001-\u0009\u000b\u000c\u000e-\u007f]*$/;

import type { Json } from "@gridward/core/base/canonical";
import { safeCell } from "@gridward/core/codec/safe-cell";

/** Widest cell of a list; longer texts are cut there with an ellipsis. One object is whole. */
const cellMax = 72;

/** Rows as an aligned table; one object as two columns of name and value. */
export function renderTable(data: Json, columns?: readonly string[]): string {
  if (data === null) return "";
  if (isList(data)) {
    const names = columns ?? columnsOf(data);
    return aligned([names.map((name) => name.toUpperCase()), ...cellsOf(data, names, shortCell)]);
  }
  if (typeof data !== "object") return `${cell(data)}\n`;
  return aligned(flatten(data, "").map(([name, value]) => [name, cell(value)]));
}

/** RFC 4180 with a header row; no text in it is a formula to a spreadsheet. */
export function renderCsv(rows: readonly Json[], columns?: readonly string[]): string {
  const names = columns ?? columnsOf(rows);
  return [names, ...cellsOf(rows, names, csvCell)]
    .map((cells) => `${cells.map(quoteCsv).join(",")}\r\n`)
    .join("");
}

/** YAML 1.2 in block style; every text that YAML could read as something else is quoted. */
export function renderYaml(value: Json): string {
  return `${yamlLines(value).join("\n")}\n`;
}

function columnsOf(rows: readonly Json[]): readonly string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(membersOf(row))) names.add(name);
  return [...names];
}

function cellsOf(
  rows: readonly Json[],
  names: readonly string[],
  show: (value: Json) => string,
): readonly (readonly string[])[] {
  return rows.map((row) => names.map((name) => show(membersOf(row)[name] ?? null)));
}

function membersOf(value: Json): { readonly [key: string]: Json | undefined } {
  return isMembers(value) ? value : { value };
}

/** `Array.isArray` does not know readonly lists. */
export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isMembers(value: Json): value is { readonly [key: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `{a:{b:1}}` as `a.b  1`, so that a nested answer stays readable in two columns. */
function flatten(data: Json, prefix: string): readonly (readonly [string, Json])[] {
  if (!isMembers(data) || Object.keys(data).length === 0) return [[prefix, data]];
  return Object.entries(data).flatMap(([name, value]) =>
    flatten(value ?? null, prefix === "" ? name : `${prefix}.${name}`),
  );
}

function plain(value: Json): string {
  if (value === null) return "";
  if (isList(value)) return value.map(plain).join(" ");
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

function cell(value: Json): string {
  const text = isList(value) ? value.map(plain).join(", ") : plain(value);
  // oxlint-disable-next-line no-control-regex -- text from elsewhere must not steer the terminal
  const safe = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, " ");
  return safe === "" ? "-" : safe;
}

function shortCell(value: Json): string {
  const text = cell(value);
  return text.length > cellMax ? `${text.slice(0, cellMax - 1)}…` : text;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, text] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, text.length);
    }
  }
  const line = (row: readonly string[]): string =>
    row.map((text, index) => text.padEnd(widths[index] ?? 0)).join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}

/** Strangers choose some of our texts; a number is nobody's. */
function csvCell(value: Json): string {
  return typeof value === "number" ? plain(value) : safeCell(plain(value));
}

function quoteCsv(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function yamlLines(value: Json): readonly string[] {
  if (isList(value) && value.length > 0) {
    return value.flatMap((item) => behind("- ", "  ", yamlLines(item)));
  }
  if (isMembers(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([name, member]) =>
      yamlMember(yamlText(name), member ?? null),
    );
  }
  return [typeof value === "string" ? yamlText(value) : JSON.stringify(value)];
}

function yamlMember(name: string, member: Json): readonly string[] {
  const lines = yamlLines(member);
  const isBlock = typeof member === "object" && member !== null && Object.keys(member).length > 0;
  return isBlock
    ? [`${name}:`, ...lines.map((line) => `  ${line}`)]
    : [`${name}: ${lines.join("")}`];
}

function behind(first: string, rest: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => (index === 0 ? first : rest) + line);
}

/** Plain only what cannot be taken for a number, a truth value, a date or a sign of YAML. */
function yamlText(text: string): string {
  const isPlain = /^[A-Za-z_][A-Za-z0-9_./ -]*$/.test(text) && !text.endsWith(" ");
  return isPlain && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

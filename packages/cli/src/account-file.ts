import { CsvError, parse } from "csv-parse/sync";
import * as z from "zod";
import { decodeUtf8, type Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { FileRecord } from "@gridward/core/codec/account-file/account-fields";
import { decodeLdif } from "@gridward/core/codec/account-file/ldif";
import { plainCell } from "@gridward/core/codec/safe-cell";
import { accountRowsMax } from "@gridward/core/domain/limits";
import { readFileBounded } from "@gridward/runtime/os/files";
import { failed, type CommandFailure } from "./failure.ts";

export const fileFormats = ["csv", "ldif"] as const;
export type FileFormat = (typeof fileFormats)[number];

/** A file of accounts: its lines, and its columns or attributes in lower case. */
export interface AccountFile {
  readonly format: FileFormat;
  readonly columns: ReadonlySet<string>;
  readonly records: readonly FileRecord[];
}

const fileBytesMax = 16 * 1024 * 1024;
const recordLengthMax = 64 * 1024;

/** Reads a whole file of accounts; its format is seen where it is not said. */
export function readAccountFile(
  path: string,
  wanted: FileFormat | undefined,
): Result<AccountFile, CommandFailure> {
  const bytes = readFileBounded(path, fileBytesMax);
  const text = bytes.ok ? decodeText(bytes.value) : bytes;
  if (!text.ok) return failed("client.file", `${path}: ${text.error}`);
  const format = wanted ?? (looksLikeLdif(text.value) ? "ldif" : "csv");
  const read = format === "ldif" ? readLdif(text.value) : readCsv(text.value);
  if (!read.ok) return failed("client.file", `${path}: ${read.error}`);
  if (read.value.records.length === 0) return failed("client.file", `${path}: no accounts in it`);
  return ok({ format, ...read.value });
}

/** By its byte order mark, as tools of Windows set it; UTF-8 without one. */
function decodeText(bytes: Bytes): Result<string, string> {
  const [first, second, third] = bytes;
  if (first === 0xff && second === 0xfe) return decodeAs("utf-16le", bytes);
  if (first === 0xfe && second === 0xff) return decodeAs("utf-16be", bytes);
  const isMarked = first === 0xef && second === 0xbb && third === 0xbf;
  const text = decodeUtf8(isMarked ? bytes.subarray(3) : bytes);
  return text.ok ? text : err("it is neither UTF-8 nor UTF-16; save it as UTF-8");
}

function decodeAs(encoding: string, bytes: Bytes): Result<string, string> {
  try {
    return ok(new TextDecoder(encoding, { fatal: true }).decode(bytes));
  } catch {
    return err(`it is not sound ${encoding.toUpperCase()}`);
  }
}

function looksLikeLdif(text: string): boolean {
  return /^(?:\s|#.*)*(?:version:|dn:)/i.test(text.slice(0, 10_000));
}

type Records = Omit<AccountFile, "format">;

function readLdif(text: string): Result<Records, string> {
  const read = decodeLdif(text, accountRowsMax);
  if (!read.ok) return err(`line ${read.error.line}: ${read.error.says}`);
  const columns = new Set(read.value.flatMap(({ attributes }) => [...attributes.keys()]));
  const records = read.value.map(({ line, attributes: values }) => ({ line, values }));
  return ok({ columns, records });
}

const csvRecords = z.array(
  z.object({ record: z.array(z.string()), info: z.object({ lines: z.int() }) }),
);

/** RFC 4180, with comma, semicolon or tab, as spreadsheets and Export-Csv write it. */
function readCsv(text: string): Result<Records, string> {
  // Export-Csv of older PowerShell says first of what type its objects are.
  const typeLine = /^#TYPE [^\n]*\n/.exec(text)?.[0] ?? "";
  const lines = splitCsv(text.slice(typeLine.length));
  if (!lines.ok) return lines;
  const [head, ...rest] = lines.value;
  if (head === undefined) return err("it is empty");
  if (rest.length > accountRowsMax) return err(`it has more than ${accountRowsMax} lines`);
  const names = head.record.map((cell) => plainCell(cell).trim().toLowerCase());
  const repeated = names.find((name, index) => name !== "" && names.indexOf(name) !== index);
  if (repeated !== undefined) return err(`it has the column ${repeated} twice`);
  const skipped = typeLine === "" ? 0 : 1;
  const records = rest.map(({ record, info }) => ({
    line: skipped + info.lines - record.join("").split("\n").length + 1,
    values: new Map(
      record.map((cell, index): [string, readonly string[]] => [
        names[index] ?? "",
        [plainCell(cell)],
      ]),
    ),
  }));
  return ok({ columns: new Set(names), records });
}

function splitCsv(text: string): Result<z.infer<typeof csvRecords>, string> {
  try {
    const options = {
      delimiter: delimiterOf(text),
      info: true,
      skip_empty_lines: true,
      max_record_size: recordLengthMax,
      to: accountRowsMax + 2,
    };
    return ok(csvRecords.parse(parse(text, options)));
  } catch (error) {
    if (error instanceof CsvError) return err(error.message);
    throw error;
  }
}

/** What separates most in the first line, outside of quotes. */
function delimiterOf(text: string): string {
  const [head = ""] = text.replaceAll(/"[^"]*"/g, "").split(/\r?\n/, 1);
  const counted = [",", ";", "\t"].map((sign) => ({ sign, count: head.split(sign).length }));
  return counted.reduce((best, one) => (one.count > best.count ? one : best)).sign;
}

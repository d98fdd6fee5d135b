import type { Command } from "commander";
import {
  accountSetRoutes,
  importFields,
  type ImportBody,
  type ImportLine,
  type SetRow,
} from "@gridward/core/api/account-set-routes";
import type { Json } from "@gridward/core/base/canonical";
import { err, ok, type Result } from "@gridward/core/base/result";
import {
  accountFields,
  chooseColumns,
  otherThanAccount,
  readFileRow,
  type AccountField,
  type FieldColumns,
} from "@gridward/core/codec/account-file/account-fields";
import { exitCode } from "@gridward/core/api/exit-code";
import { newFileFault } from "@gridward/runtime/os/files";
import { renderCsv } from "@gridward/runtime/os/render";
import { fileFormats, readAccountFile, type AccountFile, type FileFormat } from "./account-file.ts";
import { wantedRoles } from "./account-roles.ts";
import { setColumns, shownSet, tellSet, withoutCode } from "./account-set.ts";
import { writeOut } from "./ca-file.ts";
import { carryOut, confirm, talk, type Asked, type Cli, type Outcome } from "./cli.ts";
import { failed, refusalFailure, type CommandFailure } from "./failure.ts";
import { collect, order } from "./order.ts";

interface ImportOptions {
  readonly format?: string;
  readonly map?: readonly string[];
  readonly onExisting: string;
  readonly update?: readonly string[];
  readonly missing: string;
  readonly role?: readonly string[];
  readonly group?: readonly string[];
  readonly policy?: string;
  readonly codes?: string;
}

/** gridward account import */
export function addImportVerb(account: Command, cli: Cli): void {
  account
    .command("import <file>")
    .description("create and change the accounts of a file, all or none; --dry-run shows each line")
    .option("--format <format>", `${fileFormats.join(" or ")}; seen by itself when left out`)
    .option(
      "--map <column=field>",
      `read a column as ${accountFields.join(", ")}, or "-" to leave it out; may be repeated`,
      collect,
    )
    .option("--on-existing <what>", "accounts that are there: skip or update", "skip")
    .option(
      "--update <field>",
      `with --on-existing update, take only this: ${importFields.join(", ")}; may be repeated`,
      collect,
    )
    .option("--missing <what>", "accounts that are not in the file: keep or disable", "keep")
    .option(
      "--role <role>",
      "role of new accounts without one in the file; may be repeated",
      collect,
    )
    .option("--group <group>", "group of new accounts without one in the file", collect)
    .option("--policy <policy>", "password policy of new accounts without one in the file")
    .option("--codes <file>", "make one-time codes for new accounts and write them to a new file")
    .action(async (file: string, options: ImportOptions, command: Command) =>
      carryOut(cli, command, async (asked) => importAccounts(cli, asked, file, options)),
    );
}

async function importAccounts(
  cli: Cli,
  asked: Asked,
  path: string,
  options: ImportOptions,
): Promise<Outcome> {
  const prepared = prepare(cli, asked, path, options);
  if (!prepared.ok) return prepared;
  const { told, body } = prepared.value;
  if (body.rows.length === 0) return leave({ cli, asked }, told);
  const input = { params: {}, query: { dry_run: "true" as const }, body };
  const tried = await order({ cli, asked }, accountSetRoutes.accountImport, input);
  if (!tried.ok) return tried;
  const rows = sorted([...told, ...tried.value.data.rows]);
  if (asked.dryRun || rows.some(isRefused)) return answer({ cli, asked }, rows, tried.value.meta);
  const sure = await confirmDisabling(cli, asked, rows);
  if (!sure.ok) return sure;
  const done = await order({ cli, asked }, accountSetRoutes.accountImport, { ...input, query: {} });
  if (!done.ok) return done;
  const { data } = done.value;
  const written = writeCodes(options.codes, data.rows, data.code_expires_at);
  if (!written.ok) return written;
  const all = { ...data, rows: sorted([...told, ...data.rows]) };
  tellSet(cli, asked, all);
  return shownSet({ ...done.value, data: all });
}

/** No line is for the server. */
function leave(by: { readonly cli: Cli; readonly asked: Asked }, told: readonly SetRow[]): Outcome {
  if (told.some(isRefused)) return answer(by, told);
  return ok({ data: told.map(withoutCode), meta: null, columns: setColumns });
}

interface Prepared {
  /** Lines that are no accounts, or cannot be read. */
  readonly told: readonly SetRow[];
  readonly body: ImportBody;
}

/** Everything that can be found out on this side of the wire. */
function prepare(
  cli: Cli,
  asked: Asked,
  path: string,
  options: ImportOptions,
): Result<Prepared, CommandFailure> {
  const wish = readWish(options);
  if (!wish.ok) return wish;
  const file = readAccountFile(path, wish.value.format);
  if (!file.ok) return file;
  const columns = chooseColumns(file.value.columns, wish.value.map);
  if (!columns.ok) return failed("client.wrong-use", `${path}: ${columns.error}`);
  // Before anything is made: a code is shown once.
  const fault = options.codes === undefined ? undefined : newFileFault(options.codes);
  if (fault !== undefined) return failed("client.new-file", fault);
  tellColumns(cli, asked, { file: file.value, columns: columns.value });
  const { told, wanted } = readLines(file.value, columns.value);
  return ok({ told, body: { ...wish.value.body, rows: [...wanted] } });
}

interface Wish {
  readonly format: FileFormat | undefined;
  readonly map: ReadonlyMap<string, AccountField | "-">;
  readonly body: Omit<ImportBody, "rows">;
}

function readWish(options: ImportOptions): Result<Wish, CommandFailure> {
  const choices = readChoices(options);
  if (!choices.ok) return choices;
  const map = readMap(options.map ?? []);
  if (!map.ok) return map;
  const roles = wantedRoles(options.role ?? []);
  if (!roles.ok) return roles;
  const { format, ...rest } = choices.value;
  const body = {
    ...rest,
    roles: roles.value,
    groups: [...(options.group ?? [])],
    ...(options.policy === undefined ? {} : { policy: options.policy }),
    codes: options.codes !== undefined,
  };
  return ok({ format, map: map.value, body });
}

type Choices = Pick<Wish, "format"> & Pick<ImportBody, "on_existing" | "missing" | "update">;

/** Options that are one word of several. */
function readChoices(options: ImportOptions): Result<Choices, CommandFailure> {
  const format = fileFormats.find((one) => one === options.format);
  if (options.format !== undefined && format === undefined) {
    return failed("client.wrong-use", `--format ${options.format}: csv or ldif`);
  }
  const onExisting = (["skip", "update"] as const).find((one) => one === options.onExisting);
  if (onExisting === undefined) return failed("client.wrong-use", "--on-existing: skip or update");
  const missing = (["keep", "disable"] as const).find((one) => one === options.missing);
  if (missing === undefined) return failed("client.wrong-use", "--missing: keep or disable");
  const chosen = { format, on_existing: onExisting, missing };
  if (options.update === undefined) return ok(chosen);
  const wanted = new Set(options.update);
  const update = importFields.filter((one) => wanted.has(one));
  return update.length === wanted.size
    ? ok({ ...chosen, update })
    : failed("client.wrong-use", `--update: ${importFields.join(", ")}`);
}

function readMap(
  texts: readonly string[],
): Result<ReadonlyMap<string, AccountField | "-">, CommandFailure> {
  const map = new Map<string, AccountField | "-">();
  for (const text of texts) {
    const cut = text.lastIndexOf("=");
    const wanted = text.slice(cut + 1).trim();
    const field = wanted === "-" ? "-" : accountFields.find((one) => one === wanted);
    if (cut < 1 || field === undefined) {
      return failed("client.wrong-use", `--map ${text}: COLUMN=${accountFields.join("|")}|-`);
    }
    map.set(text.slice(0, cut).trim().toLowerCase(), field);
  }
  return ok(map);
}

/** What is taken from where, and what is not looked at, so that nobody has to guess. */
function tellColumns(
  cli: Cli,
  asked: Asked,
  { file, columns }: { readonly file: AccountFile; readonly columns: FieldColumns },
): void {
  const taken = [...columns].map(([field, column]) =>
    field === column ? field : `${field} from ${column}`,
  );
  talk(cli, asked, `note: read as ${file.format}: ${taken.join(", ")}`);
  const used = new Set([...columns.values(), "objectclass", ""]);
  const others = [...file.columns].filter((column) => !used.has(column));
  if (others.length > 0) talk(cli, asked, `note: not read: ${others.slice(0, 30).join(", ")}`);
}

interface Lines {
  readonly wanted: readonly ImportLine[];
  /** Those that are no accounts, or cannot be read. */
  readonly told: readonly SetRow[];
}

function readLines({ records }: AccountFile, columns: FieldColumns): Lines {
  const wanted: ImportLine[] = [];
  const told: SetRow[] = [];
  for (const record of records) {
    const { line } = record;
    const name = record.values.get(columns.get("name") ?? "")?.[0] ?? "";
    const other = otherThanAccount(record);
    const row = { line, name, changes: [], code: null };
    if (other !== undefined) {
      told.push({ ...row, outcome: "skipped", reason: `it is no account but a ${other}` });
      continue;
    }
    const read = readFileRow(record, columns);
    if (read.ok) wanted.push(lineOf(read.value));
    else told.push({ ...row, outcome: "refused", reason: read.error });
  }
  return { wanted, told };
}

function lineOf({
  roles,
  groups,
  ...row
}: ReturnType<typeof readFileRow> extends Result<infer Row, string> ? Row : never): ImportLine {
  return {
    ...row,
    ...(roles === undefined ? {} : { roles: [...roles] }),
    ...(groups === undefined ? {} : { groups: [...groups] }),
  };
}

function sorted(rows: readonly SetRow[]): readonly SetRow[] {
  return rows.toSorted((left, right) => (left.line ?? Infinity) - (right.line ?? Infinity));
}

function isRefused({ outcome }: SetRow): boolean {
  return outcome === "refused";
}

/** A try shows every line, and ends with 12 where one is refused; an order then is none at all. */
function answer(
  { cli, asked }: { readonly cli: Cli; readonly asked: Asked },
  rows: readonly SetRow[],
  meta: Json = null,
): Outcome {
  const bad = rows.filter(isRefused);
  if (asked.dryRun) {
    const exit = bad.length > 0 ? exitCode.foundSomething : exitCode.done;
    return ok({ data: rows.map(withoutCode), meta, columns: setColumns, exit });
  }
  for (const { line, name, reason } of bad) {
    talk(cli, asked, `line ${line ?? "-"}, ${name}: ${reason ?? ""}`);
  }
  const detail = `${bad.length} of ${rows.length} lines`;
  return err(refusalFailure({ code: "account.bad-rows", detail }));
}

async function confirmDisabling(
  cli: Cli,
  asked: Asked,
  rows: readonly SetRow[],
): Promise<Result<null, CommandFailure>> {
  const gone = rows.filter(({ line, outcome }) => line === null && outcome === "disable");
  if (gone.length === 0) return ok(null);
  const names = gone.slice(0, 10).map(({ name }) => name);
  const more = gone.length > names.length ? ` and ${gone.length - names.length} more` : "";
  const question = `${gone.length} accounts that are not in the file will be disabled: ${names.join(", ")}${more}.`;
  return confirm(cli, asked, { question, answer: "disable" });
}

function writeCodes(
  path: string | undefined,
  rows: readonly SetRow[],
  expiresAt: string | null,
): Result<null, CommandFailure> {
  if (path === undefined) return ok(null);
  const codes = rows.flatMap(({ name, code }) =>
    code === null ? [] : [{ name, code, expires_at: expiresAt }],
  );
  return writeOut(path, renderCsv(codes, ["name", "code", "expires_at"]));
}

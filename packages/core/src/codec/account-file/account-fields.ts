import { err, ok, type Result } from "../../base/result.ts";
import { rfc3339 } from "../../base/time.ts";
import { splitList } from "./list-text.ts";
import { parseMoment, parseRoleText, type RoleText } from "./role-text.ts";

/** One line of a file of accounts, by column or attribute in lower case. */
export interface FileRecord {
  readonly line: number;
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** What can be read of an account. There is no password, and none can be mapped to. */
export const accountFields = [
  "name",
  "display_name",
  "roles",
  "groups",
  "policy",
  "enabled",
  "valid_from",
  "valid_until",
] as const;
export type AccountField = (typeof accountFields)[number];

/** What a line says; a member that is absent is left as it is, and null means "none". */
export interface FileRow {
  readonly line: number;
  readonly name: string;
  readonly display_name?: string;
  readonly roles?: readonly RoleText[];
  readonly groups?: readonly string[];
  readonly policy?: string;
  readonly enabled?: boolean;
  readonly valid_from?: string | null;
  readonly valid_until?: string | null;
}

/** Columns that are taken unasked, the first that a file has: ours, LDAP's, Active Directory's. */
const usualColumns: Readonly<Record<AccountField, readonly string[]>> = {
  name: ["samaccountname", "uid", "login", "username", "name"],
  display_name: ["display_name", "displayname", "cn", "name"],
  roles: ["roles", "role", "gridwardassignment"],
  groups: ["groups", "group", "gridwardgroup"],
  policy: ["policy", "gridwardpolicy"],
  enabled: ["enabled", "gridwardenabled", "useraccountcontrol"],
  valid_from: ["valid_from"],
  valid_until: ["valid_until", "accountexpires", "accountexpirationdate"],
};

export type FieldColumns = ReadonlyMap<AccountField, string>;

/** Which column each field is read from: as ordered, then as usual; a column feeds one field. */
export function chooseColumns(
  present: ReadonlySet<string>,
  ordered: ReadonlyMap<string, AccountField | "-">,
): Result<FieldColumns, string> {
  const chosen = new Map<AccountField, string>();
  for (const [column, field] of ordered) {
    if (!present.has(column)) return err(`the file has no column ${column}`);
    if (field === "-") continue;
    if (chosen.has(field)) return err(`two columns are mapped to ${field}`);
    chosen.set(field, column);
  }
  const used = new Set(ordered.keys());
  for (const field of accountFields) {
    const usual = usualColumns[field].find((name) => present.has(name) && !used.has(name));
    if (usual === undefined || chosen.has(field)) continue;
    chosen.set(field, usual);
    used.add(usual);
  }
  if (chosen.has("name")) return ok(chosen);
  return err(
    `no column is the login name (${usualColumns.name.join(", ")}); say which with --map COLUMN=name`,
  );
}

const otherClasses = new Set([
  "computer",
  "group",
  "groupofnames",
  "groupofuniquenames",
  "posixgroup",
  "organizationalunit",
  "organization",
  "container",
  "contact",
  "domain",
  "domaindns",
  "dcobject",
  "msds-groupmanagedserviceaccount",
  "msds-managedserviceaccount",
]);

/** A directory exports groups, computers and folders with its people; undefined: it is no such. */
export function otherThanAccount({ values }: FileRecord): string | undefined {
  return values.get("objectclass")?.find((name) => otherClasses.has(name.trim().toLowerCase()));
}

/** How the texts of a field are read; "column" is by which name the file has it. */
const readers: {
  readonly [Field in Exclude<AccountField, "name">]: (
    texts: readonly string[],
    column: string,
  ) => Result<FileRow[Field], string>;
} = {
  display_name: firstText,
  roles: (texts) => readList(texts, parseRoleText),
  groups: (texts) => readList(texts, ok<string>),
  policy: firstText,
  enabled: readEnabled,
  valid_from: (texts, column) => readMoment(texts, column, "from"),
  valid_until: (texts, column) => readMoment(texts, column, "until"),
};

/** The account of a line; the refusal says which column is wrong and why. */
export function readFileRow(record: FileRecord, columns: FieldColumns): Result<FileRow, string> {
  const textsOf = (field: AccountField): readonly string[] =>
    (record.values.get(columns.get(field) ?? "") ?? [])
      .map((text) => text.trim())
      .filter((text) => text !== "");
  const [name] = textsOf("name");
  if (name === undefined) return err(`${columns.get("name") ?? "name"} is empty`);
  let row: FileRow = { line: record.line, name };
  for (const field of accountFields) {
    const column = columns.get(field);
    const texts = textsOf(field);
    if (field === "name" || column === undefined || texts.length === 0) continue;
    const value = readers[field](texts, column);
    if (!value.ok) return err(`${column}: ${value.error}`);
    if (value.value !== undefined) row = { ...row, [field]: value.value };
  }
  return ok(row);
}

function firstText([text]: readonly string[]): Result<string | undefined, string> {
  return ok(text);
}

const noneWords = new Set(["none", "never"]);

/** Undefined where the file says nothing, empty where it says "none". */
function readList<Value>(
  values: readonly string[],
  parse: (text: string) => Result<Value, string>,
): Result<readonly Value[] | undefined, string> {
  const texts = values.flatMap(splitList);
  if (texts.length === 1 && noneWords.has(texts[0]?.toLowerCase() ?? "")) return ok([]);
  if (texts.length === 0) return ok(undefined);
  const read: Value[] = [];
  for (const text of texts) {
    const one = parse(text);
    if (!one.ok) return one;
    read.push(one.value);
  }
  return ok(read);
}

const truthWords: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["yes", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["0", false],
]);

/** ADS_UF_ACCOUNTDISABLE. */
const accountDisabled = 2;

function readEnabled([text = ""]: readonly string[], column: string): Result<boolean, string> {
  if (column === "useraccountcontrol") {
    if (!/^\d{1,10}$/.test(text)) return err(`"${text.slice(0, 40)}" is no number`);
    return ok((Number(text) & accountDisabled) === 0);
  }
  const word = truthWords.get(text.toLowerCase());
  return word === undefined ? err(`"${text.slice(0, 40)}" is neither true nor false`) : ok(word);
}

/** 1970 in the time of Windows, in its units of 100 ns since 1601. */
const windowsEpoch = 116_444_736_000_000_000n;
const windowsUnits = 10_000n;
const windowsNever = 9_223_372_036_854_775_807n;

function readMoment(
  [text = ""]: readonly string[],
  column: string,
  end: "from" | "until",
): Result<string | null, string> {
  if (noneWords.has(text.toLowerCase())) return ok(null);
  if (column !== "accountexpires") return parseMoment(text, end);
  if (!/^\d{1,19}$/.test(text)) return err(`"${text.slice(0, 40)}" is no time of Windows`);
  const ticks = BigInt(text);
  if (ticks === 0n || ticks >= windowsNever) return ok(null);
  const at = Number((ticks - windowsEpoch) / windowsUnits);
  // The last time that can be written.
  if (at < 0 || at > Date.UTC(9999, 0)) return err(`"${text}" is out of range`);
  return ok(rfc3339(at));
}

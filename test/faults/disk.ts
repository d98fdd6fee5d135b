import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { DemoServer } from "../../scripts/demo/cast.ts";
import { isRecord } from "../../scripts/demo/stage.ts";
import type { DiskEntry } from "./history.ts";

/** Data directories as they lie on the disk: read, or damaged. */

type Directory = Pick<DemoServer, "directory">;

/** The journal file of the one generation of a data directory. */
export function journalOf({ directory }: Directory): string {
  const generations = readdirSync(join(directory, "generations"));
  const [generation] = generations;
  if (generation === undefined || generations.length > 1) {
    throw new Error(`${directory} has ${generations.length} generations`);
  }
  return join(directory, "generations", generation, "journal.db");
}

/** Every entry that is kept, read without any code of the server. It may be running. */
export function entriesOf(server: Directory): readonly DiskEntry[] {
  const database = new DatabaseSync(journalOf(server), { readOnly: true });
  try {
    const rows = database.prepare("SELECT body FROM entries ORDER BY seq").all();
    return rows.map(({ body }) => entryFrom(JSON.parse(String(body))));
  } finally {
    database.close();
  }
}

function entryFrom(body: unknown): DiskEntry {
  if (!isRecord(body)) throw new Error("an entry is an object");
  const facts = Array.isArray(body["facts"]) ? body["facts"] : [];
  return {
    sequence: Number(body["seq"]),
    term: Number(body["term"]),
    start: Number(body["start"]),
    node: String(body["node"]),
    hash: String(body["hash"]),
    prev: String(body["prev"]),
    at: Number(body["at"]),
    kind: String(body["kind"]),
    requestId: String(body["requestId"]),
    values: facts.flatMap(valueOf),
  };
}

function valueOf(fact: unknown): readonly string[] {
  if (!isRecord(fact) || fact["kind"] !== "account-updated") return [];
  return [String(fact["displayName"])];
}

/** What a server has after the last entry that the other has too. */
export function tailOf(server: Directory, other: Directory): readonly DiskEntry[] {
  const shared = new Set(entriesOf(other).map(({ hash }) => hash));
  const entries = entriesOf(server);
  return entries.slice(entries.findLastIndex(({ hash }) => shared.has(hash)) + 1);
}

/** Everything in the files of changes that were set aside, as text. */
export function setAsideText({ directory }: Directory): string {
  const folder = join(directory, "divergent");
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
}

/** Brings what is in the write-ahead file into the journal file itself. */
export function settleJournal(server: Directory): void {
  const database = new DatabaseSync(journalOf(server));
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

/** Takes database and control record away; keys and configuration stay. */
export function makeBlank({ directory }: Directory): void {
  for (const name of ["generations", "control.a", "control.b"]) {
    rmSync(join(directory, name), { recursive: true });
  }
}

function flipBit(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(path, bytes);
}

/** Flips a bit of the place where the text stands last in a file. */
export function flipBitOf(path: string, text: string): void {
  const at = readFileSync(path).lastIndexOf(text);
  if (at < 0) throw new Error(`${text} is not in ${path}`);
  flipBit(path, at);
}

export function cutInHalf(path: string): void {
  truncateSync(path, Math.floor(statSync(path).size / 2));
}

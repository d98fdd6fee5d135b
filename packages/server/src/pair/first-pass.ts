import { z } from "zod";
import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import { canonical } from "@gridward/core/base/canonical";
import { parseJsonText } from "@gridward/core/base/json";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Millis } from "@gridward/core/base/time";
import type { Position } from "@gridward/core/domain/entry";
import type { DirectoryState } from "@gridward/core/domain/state";
import { allRows, tableNames } from "@gridward/core/domain/tables";
import type { RowChange, TableName } from "@gridward/core/domain/types";
import {
  DiskFull,
  type GenerationBuilder,
  type JournalFault,
  type OpenedJournal,
} from "@gridward/runtime/journal/journal";
import { isRowChange } from "@gridward/runtime/journal/snapshot-rows";
import type { Clock } from "@gridward/runtime/os/clock";
import { type DatabaseCopy, termsMost } from "../database-copy.ts";

const rowsPerPiece = 500;
/** A piece ends with the row that reaches this: far below what a frame may be. */
const bytesPerPiece = 512 * 1024;

/** What is done in one go, so that sign-ins go on meanwhile; a pause costs a millisecond. */
const workMost: Millis = 10;

/**
 * Sends every row, each as soon as it is written out: the other side works meanwhile. `send` waits
 * while the link's queue is full. Ends early when the link closed.
 */
export async function sendFirstPass(
  { state, position, digest, earlier }: DatabaseCopy,
  wire: {
    readonly send: (frame: Bytes) => Promise<void>;
    readonly isOpen: () => boolean;
    /** Bytes a second at most; 0 is no limit. */
    readonly rate: number;
    readonly clock: Clock;
  },
): Promise<void> {
  const { rate, clock } = wire;
  const rows = tableNames.reduce((sum, name) => sum + state.tables[name].size, 0);
  const begin = { kind: "first-pass-begin", position, digest, earlier, rows } as const;
  await wire.send(utf8(encodeFirstPass(begin)));
  const startedAt = clock.monotonic();
  let workedSince = startedAt;
  let sent = 0;
  for (const piece of rowsPieces(state)) {
    if (!wire.isOpen()) return;
    const frame = utf8(piece);
    await wire.send(frame);
    sent += frame.length;
    const earliest = rate > 0 ? startedAt + (sent * 1_000) / rate : 0;
    const wait = earliest - clock.monotonic();
    if (wait <= 0 && clock.monotonic() - workedSince < workMost) continue;
    await clock.sleep(Math.max(0, wait));
    workedSince = clock.monotonic();
  }
  await wire.send(utf8(encodeFirstPass({ kind: "first-pass-end" })));
}

function* rowsPieces(state: DirectoryState): Generator<string> {
  let piece = rowsHead;
  let count = 0;
  for (const row of allRows(state)) {
    piece += lineOf(row);
    count++;
    if (count < rowsPerPiece && piece.length < bytesPerPiece) continue;
    yield piece;
    piece = rowsHead;
    count = 0;
  }
  if (count > 0) yield piece;
}

const count = z.number().int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const place = z.strictObject({ term: count, start: count, seq: count, hash });
const pieceSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("first-pass-begin"),
    position: place,
    digest: hash,
    earlier: z.array(place).max(termsMost).readonly(),
    rows: count,
  }),
  z.strictObject({ kind: z.literal("first-pass-end") }),
]);

export type FirstPassPiece = z.infer<typeof pieceSchema> | FirstPassRows;

interface FirstPassRows {
  readonly kind: "first-pass-rows";
  readonly rows: readonly CopiedRow[];
}

interface CopiedRow {
  readonly table: TableName;
  readonly key: string;
  readonly row: Readonly<Record<string, unknown>>;
  /** As it came, where it did. That this is its canonical form is proved by the digest over all. */
  readonly text?: string;
}

const kindHead = '{"kind":"first-pass-';

/** Rows follow in lines of their own, which are kept as they came: 50,000 are not written out anew. */
const rowsHead = `${kindHead}rows"}`;

export function encodeFirstPass(piece: FirstPassPiece): string {
  return piece.kind === "first-pass-rows"
    ? rowsHead + piece.rows.map(lineOf).join("")
    : JSON.stringify(piece);
}

/** A line of JSON has no line break of its own: each is escaped in a text. */
function lineOf({ table, key, row }: Pick<RowChange, "table" | "key" | "row"> | CopiedRow): string {
  return `\n${lineHead(table, key)}${canonical(row)}]`;
}

function lineHead(table: TableName, key: string): string {
  return `["${table}",${JSON.stringify(key)},`;
}

export function isFirstPass(text: string): boolean {
  return text.startsWith(kindHead);
}

export function parseFirstPass(text: string): Result<FirstPassPiece, string> {
  const [head = "", ...lines] = text.split("\n", rowsPerPiece + 2);
  if (head === rowsHead) return parseRows(lines);
  const parsed = pieceSchema.safeParse(parseJsonText(text));
  return parsed.success ? ok(parsed.data) : err(parsed.error.issues[0]?.message ?? "malformed");
}

function parseRows(lines: readonly string[]): Result<FirstPassRows, string> {
  if (lines.length > rowsPerPiece) return err("too many rows");
  const rows: CopiedRow[] = [];
  for (const line of lines) {
    const row = parseRow(line);
    if (row === undefined) return err("not a row");
    rows.push(row);
  }
  return ok({ kind: "first-pass-rows", rows });
}

const keyLengthMost = 256;

/** Judged by hand and as strictly as by a schema: rows come by tens of thousands. */
function parseRow(line: string): CopiedRow | undefined {
  const json = parseJsonText(line);
  if (!isList(json) || json.length !== 3) return undefined;
  const [table, key, row] = json;
  if (typeof key !== "string" || key.length === 0 || key.length > keyLengthMost) return undefined;
  if (!isTable(table) || !isMembers(row)) return undefined;
  const head = lineHead(table, key);
  return line.startsWith(head) ? { table, key, row, text: line.slice(head.length, -1) } : undefined;
}

const tableSet: ReadonlySet<unknown> = new Set(tableNames);

function isTable(json: unknown): json is TableName {
  return tableSet.has(json);
}

function isList(json: unknown): json is readonly unknown[] {
  return Array.isArray(json);
}

function isMembers(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** What the receiving side tells the pair's rules. */
export type FirstPassNews =
  | { readonly kind: "begun" }
  /** How many bytes they all are is reckoned from those that came: nobody writes them out to count. */
  | { readonly kind: "progress"; readonly bytesDone: number; readonly bytesTotal: number }
  | { readonly kind: "ready"; readonly opened: OpenedJournal; readonly position: Position }
  | { readonly kind: "failed"; readonly reason: string };

/** Builds the new generation beside the old one; nothing is current before it is verified (R8). */
export class FirstPassReceiver {
  readonly #build: () => GenerationBuilder;
  #builder: GenerationBuilder | undefined;
  #target: Pick<DatabaseCopy, "position" | "digest" | "earlier"> | undefined;
  #rowsTotal = 0;
  #rowsDone = 0;
  #bytesDone = 0;

  constructor(build: () => GenerationBuilder) {
    this.#build = build;
  }

  /** A full disk ends the first pass, not the process: what is here goes on answering. */
  take(piece: FirstPassPiece, bytes: number): FirstPassNews {
    try {
      return this.#take(piece, bytes);
    } catch (error) {
      if (!(error instanceof DiskFull)) throw error;
      this.abandon();
      return { kind: "failed", reason: "the disk is full" };
    }
  }

  #take(piece: FirstPassPiece, bytes: number): FirstPassNews {
    switch (piece.kind) {
      case "first-pass-begin":
        this.abandon();
        this.#builder = this.#build();
        this.#target = piece;
        this.#rowsTotal = piece.rows;
        this.#rowsDone = 0;
        this.#bytesDone = 0;
        return { kind: "begun" };
      case "first-pass-rows":
        return this.#takeRows(piece, bytes);
      case "first-pass-end":
        return this.#finish();
    }
  }

  /** The link ended, or the Main began anew: the pieces are put away. */
  abandon(): boolean {
    const wasBuilding = this.#builder !== undefined;
    this.#builder?.abandon();
    this.#builder = undefined;
    return wasBuilding;
  }

  #takeRows({ rows }: FirstPassRows, bytes: number): FirstPassNews {
    if (!this.#builder) return { kind: "failed", reason: "rows before a beginning" };
    const changes = rows.filter((row) => isRowChange(row));
    if (changes.length < rows.length) return { kind: "failed", reason: "not a row" };
    // The digest over all of them is compared before they count.
    this.#builder.rows(changes);
    this.#rowsDone += rows.length;
    this.#bytesDone += bytes;
    const rowBytes = this.#bytesDone / Math.max(1, this.#rowsDone);
    const rowsLeft = Math.max(0, this.#rowsTotal - this.#rowsDone);
    const bytesTotal = this.#bytesDone + Math.round(rowBytes * rowsLeft);
    return { kind: "progress", bytesDone: this.#bytesDone, bytesTotal };
  }

  #finish(): FirstPassNews {
    const builder = this.#builder;
    const target = this.#target;
    if (!builder || !target) return { kind: "failed", reason: "an end before a beginning" };
    const finished: Result<OpenedJournal, JournalFault> = builder.finish(
      target.position,
      target.digest,
      target.earlier,
    );
    this.#builder = undefined;
    if (!finished.ok) return { kind: "failed", reason: finished.error.detail };
    return { kind: "ready", opened: finished.value, position: target.position };
  }
}

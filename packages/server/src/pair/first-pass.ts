import { z } from "zod";
import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Millis } from "@gridward/core/base/time";
import type { Position } from "@gridward/core/domain/entry";
import type { DirectoryState } from "@gridward/core/domain/state";
import { allRows, tableNames } from "@gridward/core/domain/tables";
import type { TableName } from "@gridward/core/domain/types";
import {
  DiskFull,
  type GenerationBuilder,
  type JournalFault,
  type OpenedJournal,
} from "@gridward/runtime/journal/journal";
import { isRowChange } from "@gridward/runtime/journal/snapshot-rows";
import type { Clock } from "@gridward/runtime/os/clock";

/** The first pass: the whole database in pieces, at one position, with its digest. */
export interface FirstPassSource {
  readonly state: DirectoryState;
  readonly position: Position;
  readonly digest: string;
}

const rowsPerPiece = 500;
/** A piece ends with the row that reaches this: far below what a frame may be. */
const bytesPerPiece = 512 * 1024;

/** Sends every row. `send` waits while the link's queue is full. Ends early when the link closed. */
export async function sendFirstPass(
  source: FirstPassSource,
  wire: {
    readonly send: (frame: Bytes) => Promise<void>;
    readonly isOpen: () => boolean;
    /** Bytes a second at most; 0 is no limit. */
    readonly rate: number;
    readonly clock: Clock;
  },
): Promise<void> {
  const pieces = await piecesOf(source.state, wire.clock);
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const { position, digest } = source;
  await wire.send(encode({ kind: "first-pass-begin", position, digest, bytes }));
  const startedAt = wire.clock.monotonic();
  let sent = 0;
  for (const piece of pieces) {
    if (!wire.isOpen()) return;
    await wire.send(piece);
    sent += piece.length;
    const earliest = wire.rate > 0 ? startedAt + (sent * 1_000) / wire.rate : 0;
    const wait = earliest - wire.clock.monotonic();
    if (wait > 0) await wire.clock.sleep(wait);
  }
  await wire.send(encode({ kind: "first-pass-end" }));
}

function encode(piece: unknown): Bytes {
  return utf8(JSON.stringify(piece));
}

/** What is done in one go; a pause costs a millisecond. */
const workMost: Millis = 10;

/** Serialised with pauses, so that sign-ins go on meanwhile. */
async function piecesOf(state: DirectoryState, clock: Clock): Promise<readonly Bytes[]> {
  const pieces: Bytes[] = [];
  let rows: string[] = [];
  let length = 0;
  let since = clock.monotonic();
  const cut = (): void => {
    pieces.push(utf8(`{"kind":"first-pass-rows","rows":[${rows.join(",")}]}`));
    rows = [];
    length = 0;
  };
  for (const row of allRows(state)) {
    const text = JSON.stringify(row);
    rows.push(text);
    length += text.length;
    if (rows.length < rowsPerPiece && length < bytesPerPiece) continue;
    cut();
    if (clock.monotonic() - since < workMost) continue;
    await clock.sleep(0);
    since = clock.monotonic();
  }
  cut();
  return pieces;
}

const count = z.number().int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const pieceSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("first-pass-begin"),
    position: z.strictObject({ term: count, start: count, seq: count, hash }),
    digest: hash,
    bytes: count,
  }),
  z.strictObject({ kind: z.literal("first-pass-end") }),
]);

export type FirstPassPiece = z.infer<typeof pieceSchema> | FirstPassRows;

interface FirstPassRows {
  readonly kind: "first-pass-rows";
  readonly rows: Rows;
}

type Rows = readonly {
  readonly table: TableName;
  readonly key: string;
  readonly row: Readonly<Record<string, unknown>>;
}[];

export function isFirstPass(json: unknown): boolean {
  return (
    typeof json === "object" &&
    json !== null &&
    "kind" in json &&
    typeof json.kind === "string" &&
    json.kind.startsWith("first-pass-")
  );
}

export function parseFirstPass(json: unknown): Result<FirstPassPiece, string> {
  if (isRowsPiece(json)) return ok(json);
  const parsed = pieceSchema.safeParse(json);
  return parsed.success ? ok(parsed.data) : err(parsed.error.issues[0]?.message ?? "malformed");
}

/** Judged by hand and as strictly as by a schema: rows come by tens of thousands. */
function isRowsPiece(json: unknown): json is FirstPassRows {
  if (!isMembers(json) || json["kind"] !== "first-pass-rows") return false;
  const { rows } = json;
  if (Object.keys(json).length !== 2 || !Array.isArray(rows)) return false;
  return rows.length <= rowsPerPiece && rows.every(isRow);
}

const tableSet: ReadonlySet<unknown> = new Set(tableNames);
const keyLengthMost = 256;

function isRow(json: unknown): boolean {
  if (!isMembers(json) || Object.keys(json).length !== 3) return false;
  const { table, key, row } = json;
  if (typeof key !== "string" || key.length === 0 || key.length > keyLengthMost) return false;
  return tableSet.has(table) && isMembers(row);
}

function isMembers(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** What the receiving side tells the pair's rules. */
export type FirstPassNews =
  | { readonly kind: "begun"; readonly bytesTotal: number }
  | { readonly kind: "progress"; readonly bytesDone: number }
  | { readonly kind: "ready"; readonly opened: OpenedJournal; readonly position: Position }
  | { readonly kind: "failed"; readonly reason: string };

/** Builds the new generation beside the old one; nothing is current before it is verified (R8). */
export class FirstPassReceiver {
  readonly #build: () => GenerationBuilder;
  #builder: GenerationBuilder | undefined;
  #target: { readonly position: Position; readonly digest: string } | undefined;
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
        this.#bytesDone = 0;
        return { kind: "begun", bytesTotal: piece.bytes };
      case "first-pass-rows":
        return this.#takeRows(piece.rows, bytes);
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

  #takeRows(rows: Rows, bytes: number): FirstPassNews {
    if (!this.#builder) return { kind: "failed", reason: "rows before a beginning" };
    const changes = rows.filter((row) => isRowChange(row));
    if (changes.length < rows.length) return { kind: "failed", reason: "not a row" };
    // The digest over all of them is compared before they count.
    this.#builder.rows(changes);
    this.#bytesDone += bytes;
    return { kind: "progress", bytesDone: this.#bytesDone };
  }

  #finish(): FirstPassNews {
    const builder = this.#builder;
    const target = this.#target;
    if (!builder || !target) return { kind: "failed", reason: "an end before a beginning" };
    const finished: Result<OpenedJournal, JournalFault> = builder.finish(
      target.position,
      target.digest,
    );
    this.#builder = undefined;
    if (!finished.ok) return { kind: "failed", reason: finished.error.detail };
    return { kind: "ready", opened: finished.value, position: target.position };
  }
}

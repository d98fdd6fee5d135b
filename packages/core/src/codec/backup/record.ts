import * as z from "zod";
import { concat, utf8, type Bytes } from "../../base/bytes.ts";
import { parseJsonBytes } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** Longest line: an entry or a row goes to the Standby in one frame of 4 MiB as well. */
const lineBytesMost = 4 * 1024 * 1024;
const lineEnd = 0x0a;

const count = z.int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);

const recordShape = z.discriminatedUnion("kind", [
  /** First: the key under which the secrets in the rows are sealed. */
  z.strictObject({ kind: z.literal("system-key"), key: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
  /** Where a term before that of the backup's place ended, oldest first. */
  z.strictObject({
    kind: z.literal("term-end"),
    place: z.strictObject({ term: count, start: count, seq: count, hash }),
  }),
  /** The entry whose place the backup has, where the journal still keeps it. */
  z.strictObject({ kind: z.literal("entry"), entry: z.unknown() }),
  z.strictObject({
    kind: z.literal("row"),
    table: z.string().min(1).max(64),
    key: z.string().min(1).max(256),
    row: z.record(z.string(), z.unknown()),
  }),
]);

/** What a backup holds once it is opened: one JSON text a line. */
export type BackupRecord = z.infer<typeof recordShape>;

export function encodeBackupRecord(record: BackupRecord): Bytes {
  return utf8(`${JSON.stringify(record)}\n`);
}

/** Cuts the opened text into records. Holds one line at most. */
export class BackupRecords {
  #pieces: Bytes[] = [];
  #held = 0;

  push(bytes: Bytes): Result<readonly BackupRecord[], "damaged"> {
    const records: BackupRecord[] = [];
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(lineEnd, start);
      if (end < 0) break; // Ends: each round moves past one line end.
      const record = parseRecord(concat([...this.#pieces, bytes.subarray(start, end)]));
      if (!record.ok) return record;
      records.push(record.value);
      this.#pieces = [];
      this.#held = 0;
      start = end + 1;
    }
    const rest = bytes.slice(start);
    this.#held += rest.length;
    if (this.#held > lineBytesMost) return err("damaged");
    if (rest.length > 0) this.#pieces.push(rest);
    return ok(records);
  }

  /** Called when there is no more text. */
  finish(): Result<null, "damaged"> {
    return this.#held === 0 ? ok(null) : err("damaged");
  }
}

function parseRecord(line: Bytes): Result<BackupRecord, "damaged"> {
  const parsed = recordShape.safeParse(parseJsonBytes(line));
  return parsed.success ? ok(parsed.data) : err("damaged");
}

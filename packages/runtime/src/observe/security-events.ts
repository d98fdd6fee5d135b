import { z } from "zod";
import { err, ok, type Result } from "@gridward/core/base/result";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import { gapEvent } from "@gridward/core/domain/security-event";
import { openSideFile, type SideFile } from "../os/side-file.ts";
import { type EventFault, findChainFault, firstPrev, hashOf } from "./event-chain.ts";
import type { SecurityEvent, SecurityEventContent } from "./kept-event.ts";
import { conditionOf, type EventFilter } from "./event-query.ts";

export interface EventQuery extends EventFilter {
  /** Only events before this number: the next page. */
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface EventPage {
  /** Newest first. */
  readonly events: readonly SecurityEvent[];
  /** Events that match the search, on all pages. */
  readonly total: number;
}

/** How far a walk of the chain came. */
interface Walked {
  readonly count: number;
  readonly last: SecurityEvent | undefined;
}

export interface StoreChoice {
  /** About 400 bytes each. */
  readonly kept?: number;
  /** FULL: nothing that was appended is lost with the power. */
  readonly synchronous?: "NORMAL" | "FULL";
}

const eventsKeptDefault = 1_000_000;

/** The oldest go in groups: not with every event. */
const removedTogether = 64;

const textMax = { subject: 256, source: 128, device: 128, door: 16, detail: 512 } as const;

/** A walk of the chain stops for other work after so many. */
const walkedTogether = 500;

const schema = `CREATE TABLE events (
  sequence INTEGER PRIMARY KEY, prev TEXT NOT NULL, hash TEXT NOT NULL,
  at INTEGER NOT NULL, event INTEGER NOT NULL, outcome TEXT NOT NULL, subject TEXT NOT NULL,
  door TEXT NOT NULL, source TEXT NOT NULL, device TEXT, detail TEXT NOT NULL
) STRICT`;

const insertEvent = `INSERT INTO events
  (sequence, prev, hash, at, event, outcome, subject, door, source, device, detail)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const rowSchema = z.strictObject({
  sequence: z.int(),
  prev: z.string(),
  hash: z.string(),
  at: z.int(),
  event: z.int(),
  outcome: z.enum(["accepted", "refused", "done", "gap"]),
  subject: z.string(),
  door: z.string(),
  source: z.string(),
  device: z.string().nullable(),
  detail: z.string(),
});

/**
 * The security events of one server: append-only, hash-chained, in a file of its own. `append`
 * never throws: sign-in goes on with a full disk, and a gap event follows when there is room. A
 * loss of power may take the last moments of events (synchronous=NORMAL); a crash takes none.
 */
export class SecurityEventStore {
  readonly #database: SideFile["database"];
  readonly #insert: ReturnType<SideFile["database"]["prepare"]>;
  readonly #eventsKept: number;
  #last: { readonly sequence: number; readonly hash: string };
  /** Events not kept since then. */
  #lost: { readonly since: Instant; readonly count: number } | undefined;

  constructor(path: string, now: Instant, choice: StoreChoice = {}) {
    const { kept = eventsKeptDefault, synchronous = "NORMAL" } = choice;
    const file = openSideFile({ path, version: 0x4557_01, schema, synchronous });
    this.#database = file.database;
    this.#insert = file.database.prepare(insertEvent);
    this.#eventsKept = kept;
    const newest = "SELECT sequence, hash FROM events ORDER BY sequence DESC LIMIT 1";
    const last = file.database.prepare(newest).get();
    this.#last = {
      sequence: Number(last?.["sequence"] ?? 0),
      hash: String(last?.["hash"] ?? firstPrev),
    };
    if (file.keptAside !== null) {
      this.append([gapAt(now, `the events before are in ${file.keptAside}, which is damaged`)]);
    }
  }

  /** Keeps events in their order; false when there was no room for them. */
  append(contents: readonly SecurityEventContent[]): boolean {
    const [first] = contents;
    if (first === undefined) return true;
    const lost = this.#lost;
    const all = lost === undefined ? contents : [gapAfter(lost, first.at), ...contents];
    try {
      this.#write(all);
      this.#lost = undefined;
      return true;
    } catch {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      const { since, count } = lost ?? { since: first.at, count: 0 };
      this.#lost = { since, count: count + contents.length };
      return false;
    }
  }

  list({ before = Number.MAX_SAFE_INTEGER, limit, ...filter }: EventQuery): EventPage {
    const { where, values } = conditionOf(filter);
    const page = `SELECT * FROM events WHERE ${where} AND sequence < ?
      ORDER BY sequence DESC LIMIT ?`;
    const rows = this.#database.prepare(page).all(...values, before, limit);
    const count = this.#database.prepare(`SELECT count(*) AS total FROM events WHERE ${where}`);
    const total = Number(count.get(...values)?.["total"]);
    return { events: rows.map((row) => rowSchema.parse(row)), total };
  }

  /** What came after that number, oldest first. */
  after(sequence: number, limit: number, filter: EventFilter = {}): readonly SecurityEvent[] {
    const { where, values } = conditionOf(filter);
    const page = `SELECT * FROM events WHERE sequence > ? AND ${where} ORDER BY sequence LIMIT ?`;
    const rows = this.#database.prepare(page).all(sequence, ...values, limit);
    return rows.map((row) => rowSchema.parse(row));
  }

  /** Number of the newest event, 0 before the first. */
  get newest(): number {
    return this.#last.sequence;
  }

  /**
   * Walks the chain up to its end as it is now: how many events it proves, or the first that is not as it was written.
   * Between pieces it waits for `pause`: whoever signs in meanwhile is not kept waiting.
   */
  async verify(pause: () => Promise<void>): Promise<Result<number, EventFault>> {
    const ends = { newest: this.#last.sequence, kept: this.#eventsKept };
    let walked: Walked = { count: 0, last: undefined };
    for (;;) {
      const next = this.#walk(walked, ends);
      if (!next.ok) return next;
      if (next.value.count === walked.count) break;
      walked = next.value;
      await pause();
    }
    const reached = walked.last?.sequence ?? 0;
    if (reached >= ends.newest) return ok(walked.count);
    return err({ sequence: reached + 1, says: "This event and all after it are missing." });
  }

  #walk(walked: Walked, ends: Parameters<typeof findChainFault>[2]): Result<Walked, EventFault> {
    let { count, last } = walked;
    const piece = `SELECT * FROM events WHERE sequence > ? AND sequence <= ?
      ORDER BY sequence LIMIT ?`;
    const from = last?.sequence ?? 0;
    const rows = this.#database.prepare(piece).all(from, ends.newest, walkedTogether);
    for (const row of rows) {
      const event = rowSchema.safeParse(row);
      const sequence = Number(row["sequence"]);
      if (!event.success) return err({ sequence, says: "The event is not readable." });
      const says = findChainFault(event.data, last, ends);
      if (says !== undefined) return err({ sequence, says });
      last = event.data;
      count++;
    }
    return ok({ count, last });
  }

  close(): void {
    this.#database.close();
  }

  #write(contents: readonly SecurityEventContent[]): void {
    let last = this.#last;
    this.#database.exec("BEGIN IMMEDIATE");
    for (const content of contents) {
      const sequence = last.sequence + 1;
      const event = bounded(content);
      const hash = hashOf(event, sequence, last.hash);
      const { at, event: number, outcome, subject, door, source, device, detail } = event;
      const texts = [outcome, subject, door, source, device, detail];
      this.#insert.run(sequence, last.hash, hash, at, number, ...texts);
      last = { sequence, hash };
    }
    if (groupOf(last.sequence) > groupOf(this.#last.sequence)) {
      const oldest = last.sequence - this.#eventsKept;
      this.#database.prepare("DELETE FROM events WHERE sequence <= ?").run(oldest);
    }
    this.#database.exec("COMMIT");
    this.#last = last;
  }
}

function groupOf(sequence: number): number {
  return Math.floor(sequence / removedTogether);
}

function bounded(content: SecurityEventContent): SecurityEventContent {
  const { subject, source, device, door, detail } = content;
  return {
    ...content,
    subject: plain(subject, textMax.subject),
    source: plain(source, textMax.source),
    device: device === null ? null : plain(device, textMax.device),
    door: plain(door, textMax.door),
    detail: plain(detail, textMax.detail),
  };
}

/**
 * What strangers typed, on one line and in whole characters: half a character would read back from
 * the file as another, and the chain would call the event altered.
 */
function plain(text: string, lengthMax: number): string {
  const line = text.slice(0, lengthMax).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "\u{FFFD}");
  return line.toWellFormed();
}

function gapAt(at: Instant, detail: string): SecurityEventContent {
  const nobody = { subject: "", door: "", source: "", device: null };
  return { at, event: gapEvent, outcome: "gap", ...nobody, detail };
}

function gapAfter(lost: { readonly since: Instant; readonly count: number }, at: Instant) {
  const events = lost.count === 1 ? "1 event" : `${lost.count} events`;
  return gapAt(at, `no room for ${events} since ${rfc3339(lost.since)}`);
}

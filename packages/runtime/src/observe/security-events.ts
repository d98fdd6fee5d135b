import { z } from "zod";
import { encodeHex, lengthPrefixed, utf8 } from "@gridward/core/base/bytes";
import { canonical } from "@gridward/core/base/canonical";
import { err, ok, type Result } from "@gridward/core/base/result";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import { sha256 } from "../os/hash.ts";
import { openSideFile, type SideFile } from "../os/side-file.ts";

/** A security event as its source reports it (design §4). Numbers: core/domain/security-event.ts. */
export interface SecurityEventContent {
  readonly at: Instant;
  readonly event: number;
  readonly outcome: "accepted" | "refused" | "done" | "gap";
  /** Account or program that asked, as it named itself. */
  readonly subject: string;
  readonly door: string;
  /** Network address of the peer; "" where there is none. */
  readonly source: string;
  readonly device: string | null;
  readonly detail: string;
}

/** As it is kept: numbered from 1 and chained. */
export interface SecurityEvent extends SecurityEventContent {
  readonly sequence: number;
  readonly prev: string;
  readonly hash: string;
}

/** Number of the event that stands for events which could not be kept. */
export const gapEvent = 0;

export interface EventQuery {
  /** Occurs in any text of the event, or is its number. */
  readonly search?: string | undefined;
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

export interface EventFault {
  readonly sequence: number;
  readonly says: string;
}

/** Events kept; about 400 bytes each. */
const eventsKeptDefault = 1_000_000;

/** The oldest go in groups: not with every event. */
const removedTogether = 64;

const textMax = { subject: 256, source: 128, device: 128, door: 16, detail: 512 } as const;
const firstPrev = "0".repeat(64);

const schema = `CREATE TABLE events (
  sequence INTEGER PRIMARY KEY, prev TEXT NOT NULL, hash TEXT NOT NULL,
  at INTEGER NOT NULL, event INTEGER NOT NULL, outcome TEXT NOT NULL, subject TEXT NOT NULL,
  door TEXT NOT NULL, source TEXT NOT NULL, device TEXT, detail TEXT NOT NULL
) STRICT`;

const insertEvent = `INSERT INTO events
  (sequence, prev, hash, at, event, outcome, subject, door, source, device, detail)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Every text of an event and its number, for a search. */
const searched = `instr(lower(concat_ws(' ', event, outcome, subject, door, source, device, detail)),
  lower(?1)) > 0`;

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

  constructor(path: string, now: Instant, eventsKept: number = eventsKeptDefault) {
    const file = openSideFile({ path, version: 0x4557_01, schema, synchronous: "NORMAL" });
    this.#database = file.database;
    this.#insert = file.database.prepare(insertEvent);
    this.#eventsKept = eventsKept;
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

  list({ search = "", before = Number.MAX_SAFE_INTEGER, limit }: EventQuery): EventPage {
    const page = `SELECT * FROM events WHERE ${searched} AND sequence < ?2
      ORDER BY sequence DESC LIMIT ?3`;
    const rows = this.#database.prepare(page).all(search, before, limit);
    const count = this.#database.prepare(`SELECT count(*) AS total FROM events WHERE ${searched}`);
    const total = Number(count.get(search)?.["total"]);
    return { events: rows.map((row) => rowSchema.parse(row)), total };
  }

  /** Walks the whole chain: how many events it proves, or the first that is not as it was written. */
  verify(): Result<number, EventFault> {
    let count = 0;
    let earlier: SecurityEvent | undefined;
    const rows = this.#database.prepare("SELECT * FROM events ORDER BY sequence");
    for (const row of rows.iterate()) {
      const event = rowSchema.safeParse(row);
      const sequence = Number(row["sequence"]);
      if (!event.success) return err({ sequence, says: "The event is not readable." });
      const says = findChainFault(event.data, earlier);
      if (says !== undefined) return err({ sequence, says });
      earlier = event.data;
      count++;
    }
    return ok(count);
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

function hashOf(content: SecurityEventContent, sequence: number, prev: string): string {
  const { at, event, outcome, subject, door, source, device, detail } = content;
  const body = { at, event, outcome, subject, door, source, device, detail, sequence };
  return encodeHex(sha256(lengthPrefixed([utf8(prev), utf8(canonical(body))])));
}

function findChainFault(
  event: SecurityEvent,
  earlier: SecurityEvent | undefined,
): string | undefined {
  if (event.hash !== hashOf(event, event.sequence, event.prev)) {
    return "The event was altered after it was written.";
  }
  if (earlier === undefined) {
    const isFirst = event.sequence > 1 || event.prev === firstPrev;
    return isFirst ? undefined : "The event is not the first of its file.";
  }
  if (event.sequence !== earlier.sequence + 1) return "Events before this one are missing.";
  return event.prev === earlier.hash ? undefined : "The event does not follow the one before.";
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

import { basename } from "node:path";
import { utf8 } from "@gridward/core/base/bytes";
import { type NodeId, requestId } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import { type Instant, minute, type Millis, rfc3339 } from "@gridward/core/base/time";
import type { ChangeOrder } from "@gridward/core/domain/command";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { Alarm } from "@gridward/core/domain/server-status";
import { isForPeople, setAsideRows } from "@gridward/core/domain/set-aside";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { Actor, SetAsideRow } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import { errorCode } from "@gridward/runtime/os/files";
import { sha256 } from "@gridward/runtime/os/hash";
import { spellCrockford } from "../crockford.ts";
import type { Receipt } from "../parts.ts";
import type { Tail } from "./tail-file.ts";
import { listTails, readTailFile } from "./tail-folder.ts";

export interface UploadParts {
  readonly directory: string;
  readonly self: { readonly id: NodeId; readonly name: string };
  /** The committed state. */
  readonly state: () => DirectoryState;
  /** Does this server follow the system's history now, or lead it? */
  readonly isInHistory: () => boolean;
  readonly submit: (order: ChangeOrder) => Promise<Result<Receipt, Refusal>>;
  readonly clock: Clock;
  readonly note: (text: string) => void;
}

interface Unread {
  readonly fault: string;
  readonly since: Instant;
  /** When it was looked at last, monotonic. */
  readonly at: Millis;
}

/** How often is looked whether anything is to be brought. */
const lookEveryMs = 1_000;

/** A file that cannot be read is looked at again after this: it may have been put back. */
const lookAgainAfter: Millis = minute;

/** Rows under way at the same time. */
const atOnce = 64;

/**
 * Brings what this server set aside into the system, so that it is on every server and in backups:
 * one row for each lost change, compared with the committed state again and again. So it goes on
 * where a crash or a cut stopped it, and nothing is brought twice. The files stay.
 */
export class Upload {
  readonly #parts: UploadParts;
  /** Ids of the rows of each file that was read. */
  readonly #known = new Map<string, readonly string[]>();
  /** Files that cannot be read. */
  readonly #unread = new Map<string, Unread>();
  /** Rows that the system will never take, and since when that is known. */
  readonly #refused = new Map<string, Instant>();
  #since: Instant | null = null;

  constructor(parts: UploadParts) {
    this.#parts = parts;
  }

  /** Stand while the system lacks what is set aside here, so while only this server tells of it. */
  get alarms(): readonly Alarm[] {
    return [...this.#waiting(), ...this.#unreadable(), ...this.#untaken()];
  }

  #unreadable(): readonly Alarm[] {
    return [...this.#unread].map(([path, { fault, since }]) => ({
      code: "pair.set-aside-unread",
      since: rfc3339(since),
      text: `The set-aside file ${basename(path)} here cannot be read: ${fault}. What it holds is in no list.`,
      remedy: "Put it back from a copy of `divergent` in the data directory; delete nothing there.",
    }));
  }

  #untaken(): readonly Alarm[] {
    const [first] = this.#refused.values();
    if (first === undefined) return [];
    return [
      {
        code: "pair.set-aside-untaken",
        since: rfc3339(first),
        text: `Changes that are set aside on this server and that the system does not take: ${this.#refused.size}.`,
        remedy: "They stay in `divergent` in the data directory; the log names each, and why.",
      },
    ];
  }

  #waiting(): readonly Alarm[] {
    const ids = [...this.#known.values()].flat();
    const { length } = ids.filter((id) => this.#isMissing(id));
    if (length === 0) {
      this.#since = null;
      return [];
    }
    this.#since ??= this.#parts.clock.now();
    return [
      {
        code: "pair.set-aside-here",
        since: rfc3339(this.#since),
        text: `Changes that are set aside on this server and not yet in the system: ${length}.`,
        remedy: "Nothing if the Main works: they are brought to it by themselves. Else start it.",
      },
    ];
  }

  async keepOn(stop: AbortSignal): Promise<void> {
    const { clock, directory, isInHistory } = this.#parts;
    while (!stop.aborted) {
      try {
        this.#readNew(directory);
        if (isInHistory()) await this.#look(stop);
      } catch (error) {
        // Out of file descriptors, for one: no reason to end a Main. The files stay for later.
        if (errorCode(error) === "") throw error;
        this.#parts.note(`set-aside files cannot be read now: ${errorCode(error)}`);
      }
      await clock.sleep(lookEveryMs, stop);
    }
  }

  #readNew(directory: string): void {
    const paths = listTails(directory);
    for (const path of this.#unread.keys()) if (!paths.includes(path)) this.#unread.delete(path);
    for (const path of paths) if (!this.#known.has(path) && this.#isDue(path)) this.#read(path);
  }

  #isDue(path: string): boolean {
    const unread = this.#unread.get(path);
    return unread === undefined || this.#parts.clock.monotonic() - unread.at >= lookAgainAfter;
  }

  async #look(stop: AbortSignal): Promise<void> {
    for (const path of listTails(this.#parts.directory)) {
      if (!this.#isOpen(path)) continue;
      const rows = this.#read(path).filter(({ id }) => this.#isMissing(id));
      for (let first = 0; first < rows.length; first += atOnce) {
        const done = await Promise.all(
          rows.slice(first, first + atOnce).map(async (row) => this.#bring(row)),
        );
        if (stop.aborted || done.includes("later")) return;
      }
    }
  }

  #isOpen(path: string): boolean {
    return (this.#known.get(path) ?? []).some((id) => this.#isMissing(id));
  }

  #isMissing(id: string): boolean {
    return !this.#refused.has(id) && !this.#parts.state().tables.setAside.has(id);
  }

  #read(path: string): readonly SetAsideRow[] {
    const tail = readTailFile(path);
    if (!tail.ok) {
      this.#noteUnread(path, tail.error);
      return [];
    }
    this.#unread.delete(path);
    const rows = rowsOf(tail.value, this.#parts.self.id);
    this.#known.set(
      path,
      rows.map(({ id }) => id),
    );
    return rows;
  }

  #noteUnread(path: string, fault: string): void {
    const { clock, note } = this.#parts;
    const before = this.#unread.get(path);
    if (before?.fault !== fault) note(`the set-aside file ${path} cannot be used: ${fault}`);
    const since = before?.since ?? clock.now();
    this.#unread.set(path, { fault, since, at: clock.monotonic() });
  }

  async #bring(row: SetAsideRow): Promise<"done" | "later"> {
    const { self, submit, note } = this.#parts;
    const actor: Actor = { kind: "server", ...self, door: "pair", source: "" };
    const command = { kind: "record-set-aside", row } as const;
    const id = requestId(spellCrockford(sha256(utf8(`set-aside ${row.id}`))));
    const outcome = await submit({ command, actor, requestId: id });
    if (outcome.ok || outcome.error.code === "tail.already-recorded") return "done";
    if (notNow.test(outcome.error.code)) return "later";
    note(`the lost change ${row.id} is not taken: ${outcome.error.code}`);
    this.#refused.set(row.id, this.#parts.clock.now());
    return "done";
  }
}

/** Refusals that say nothing of the row, only of this moment. */
const notNow = /^(?:pair|disk|server|system)\./;

function rowsOf({ header, lines }: Tail, by: NodeId): readonly SetAsideRow[] {
  const { at: setAsideAt, forkedAt } = header;
  return lines
    .filter(({ entry }) => isForPeople(entry))
    .flatMap(({ entry, mark }) => setAsideRows(entry, { mark, forkedAt, by, setAsideAt }));
}

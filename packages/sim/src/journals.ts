import type { NodeId } from "@gridward/core/base/identity";
import { comparePositions, type Entry, type Position } from "@gridward/core/domain/entry";
import type { Acknowledged } from "./ending.ts";
import type { SimDisk } from "./sim-disk.ts";
import type { Process } from "./sim-process.ts";
import type { SimServer } from "./sim-server.ts";
import type { Violation } from "./violation.ts";

/** All that was ever written: a journal only grows, one life at a time, and loses only what a file keeps. */
export class Journals {
  /** Durable heads, by disk and generation. */
  readonly #heads = new Map<string, Position>();
  /** Every entry that was ever durable anywhere, by its request. */
  readonly #written = new Map<string, readonly Entry[]>();
  /** The same by their hash. */
  readonly #byHash = new Map<string, Entry>();
  /** Which process of a server wrote under a start: "server term start". */
  readonly #lives = new Map<string, Process | undefined>();
  readonly #find: (id: NodeId) => SimServer | undefined;

  constructor(find: (id: NodeId) => SimServer | undefined) {
    this.#find = find;
  }

  /** The entry of this request at this place, whether a disk still holds it or not. */
  entryOf(request: string, seq: number): Entry | undefined {
    return this.#written.get(request)?.find((each) => each.seq === seq);
  }

  /** Is the one in the history of the other, by the chain of hashes? */
  isBefore({ seq, hash }: Pick<Entry, "seq" | "hash">, later: Entry): boolean {
    let entry: Entry | undefined = later;
    while (entry !== undefined && entry.seq > seq) entry = this.#byHash.get(entry.prev);
    return entry?.hash === hash;
  }

  noteWritten(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#byHash.set(entry.hash, entry);
      this.#written.set(entry.requestId, [...(this.#written.get(entry.requestId) ?? []), entry]);
    }
  }

  /** I8, R5: entries became durable on a disk. */
  findMisgrown(disk: SimDisk, entries: readonly Entry[]): readonly Violation[] {
    this.noteWritten(entries);
    const back = this.#findBackward(disk);
    const own = entries.filter(({ node }) => node === disk.id);
    const twice = own.flatMap((entry) => this.#findSecondLife(disk.id, entry) ?? []);
    return back === undefined ? twice : [back, ...twice];
  }

  /** No head goes back, but where the journal was cut. */
  #findBackward(disk: SimDisk): Violation | undefined {
    const head = disk.head();
    const place = placeOf(disk);
    const before = this.#heads.get(place);
    this.#heads.set(place, head);
    if (before === undefined || comparePositions(head, before) >= 0) return undefined;
    return { rule: "I8", says: `the head of ${disk.id} went from ${before.seq} to ${head.seq}` };
  }

  /** R5: two lives of a Main never write under one start. */
  #findSecondLife(id: NodeId, { term, start }: Entry): Violation | undefined {
    const { process, disk } = this.#find(id) ?? {};
    if (disk?.control.owner !== id) return undefined; // It follows what it wrote before.
    const life = `${id} ${term} ${start}`;
    const before = this.#lives.get(life);
    if (before === undefined) this.#lives.set(life, process);
    if (before === undefined || before === process) return undefined;
    return { rule: "R5", says: `two lives of ${id} wrote in ${term}.${start}` };
  }

  #diskOf(id: NodeId | null): SimDisk | undefined {
    return id === null ? undefined : this.#find(id)?.disk;
  }

  /** R10, I15: what is cut was written to a file before, and nobody was told that it is done. */
  findLost(
    disk: SimDisk,
    after: number,
    acknowledged: ReadonlyMap<string, Acknowledged>,
  ): readonly Violation[] {
    this.#heads.delete(placeOf(disk));
    const found: Violation[] = [];
    const { id, control, tails } = disk;
    if (control.certificate !== null) {
      found.push({ rule: "R8", says: `${id} cuts its journal under a certificate` });
    }
    const kept = new Set(tails.flat().map(({ hash }) => hash));
    for (const { hash, seq, requestId } of disk.entries()) {
      if (seq <= after) continue;
      if (!kept.has(hash)) {
        found.push({ rule: "I15", says: `change ${seq} of ${id} was cut without a file` });
      }
      // Its Main had held it, as the set says, and lost its disk before a person forced it.
      const wasHeld = this.#diskOf(control.owner)?.hadBeforeWipe(requestId) === true;
      if (acknowledged.get(requestId)?.hash === hash && !wasHeld) {
        found.push({ rule: "I1", says: `acknowledged change ${seq} of ${id} was cut` });
      }
    }
    return found;
  }
}

function placeOf({ id, journal }: SimDisk): string {
  return `${id} ${journal?.incarnation ?? ""}`;
}

import type { NodeId, RequestId } from "@gridward/core/base/identity";
import type { Entry } from "@gridward/core/domain/entry";
import type { SimDisk } from "./sim-disk.ts";
import type { SimServer } from "./sim-server.ts";
import type { Violation } from "./violation.ts";

/** I10: what is seen is committed, and what a Main commits is durable wherever its set says. */
export class Visibility {
  /** Hashes of all entries that a Main made visible. */
  readonly #committed = new Set<string>();
  readonly #diskOf: (id: NodeId) => SimDisk | undefined;

  constructor(diskOf: (id: NodeId) => SimDisk | undefined) {
    this.#diskOf = diskOf;
  }

  /** The system as it was before the run: acknowledged long ago. */
  onGiven(entries: readonly Entry[]): void {
    for (const { hash } of entries) this.#committed.add(hash);
  }

  /** What a server founded alone is visible from its first moment. */
  onFounded(disk: SimDisk): void {
    if (disk.control.owner === disk.id) this.#noteCommitted(disk, disk.head().seq);
  }

  /** Entries became visible on a server. */
  findEarly({ id, disk }: Pick<SimServer, "id" | "disk">, seq: number): Violation | undefined {
    const hash = disk.hashAt(seq);
    if (hash === undefined || seq === 0) return undefined;
    const wasCommitted = this.#committed.has(hash);
    if (disk.control.owner !== id) {
      if (wasCommitted) return undefined;
      const says = `change ${seq} is visible on ${id} before its Main made it visible`;
      return { rule: "I10", says };
    }
    this.#noteCommitted(disk, seq);
    const { ackSet } = disk.countedFor(seq);
    const request = disk.entryAt(seq)?.requestId;
    disk.noteShown(seq, hash);
    if (wasCommitted) return undefined; // By the set of whoever committed it.
    const member = ackSet.find((each) => {
      const found = this.#diskOf(each);
      return found && !found.holds(seq, hash) && !found.hadOnce(request, seq, hash);
    });
    if (member === undefined) return undefined;
    return {
      rule: "I10",
      says: `change ${seq} is visible on ${id} and not on the disk of ${member}`,
    };
  }

  #noteCommitted(disk: SimDisk, upTo: number): void {
    for (let seq = upTo; seq > 0; seq--) {
      const hash = disk.hashAt(seq);
      if (hash === undefined || this.#committed.has(hash)) return;
      this.#committed.add(hash);
    }
  }

  /** A reader sees the answer to this request, if it is there. */
  findUncommitted(server: SimServer, request: RequestId): Violation | undefined {
    const { ledger } = server.process?.conductor ?? {};
    const key = ledger?.state.requestsById.get(request);
    const row = key === undefined ? undefined : ledger?.state.tables.requests.get(key);
    return row && this.findPrepared(server, row.seq);
  }

  /** What a reader or a device sees is committed. */
  findPrepared({ id, disk }: SimServer, seq: number): Violation | undefined {
    const hash = disk.hashAt(seq);
    if (hash === undefined || seq === 0 || this.#committed.has(hash)) return undefined;
    return { rule: "I10", says: `${id} shows change ${seq}, which is only prepared` };
  }
}

import type { NodeId } from "@gridward/core/base/identity";
import type { Entry } from "@gridward/core/domain/entry";
import type { Backup } from "./restore.ts";
import type { SimServer } from "./sim-server.ts";
import type { Violation } from "./violation.ts";

/** A backup that was put in the place of a database. */
export interface Restored {
  readonly term: number;
  /** Requests that were in it. */
  readonly brought: ReadonlySet<string>;
  /** What other servers held then that was not in it. */
  readonly held: ReadonlyMap<NodeId, readonly Entry[]>;
}

/** What a backup brought to a server, and what the others hold beyond it. */
export function noteRestored(
  { disk }: Pick<SimServer, "disk">,
  { state }: Backup,
  servers: readonly SimServer[],
): Restored {
  const brought = new Set<string>(state.requestsById.keys());
  const others = servers.filter((other) => other.id !== disk.id);
  const held = others.map((other): [NodeId, readonly Entry[]] => [
    other.id,
    other.disk.entries().filter(({ requestId }) => !brought.has(requestId)),
  ]);
  return { term: disk.control.term, brought, held: new Map(held) };
}

/** Was this change, seen in an earlier term, not in the backup that began a later one? */
export function leavesBehind(
  { term, brought }: Restored,
  change: { readonly request: string; readonly term: number },
  upTo: number,
): boolean {
  return change.term < term && term <= upTo && !brought.has(change.request);
}

/** I15: a server that held more than the backup has set it aside. */
export function findGone({ held }: Restored, servers: readonly SimServer[]): readonly Violation[] {
  const found: Violation[] = [];
  for (const { id, disk } of servers) {
    const kept = [...disk.entries(), ...disk.tails.flat()];
    const hashes = new Set(kept.map(({ hash }) => hash));
    for (const { hash, seq, requestId } of held.get(id) ?? []) {
      if (hashes.has(hash) || disk.requests.has(requestId)) continue;
      // A person put the database aside whole, where it has no entries to list (R10).
      if (disk.hadOnce(requestId, seq, hash)) continue;
      found.push({ rule: "I15", says: `${id} gave up change ${seq} for a backup without a file` });
    }
  }
  return found;
}

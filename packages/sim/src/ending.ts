import type { NodeId } from "@gridward/core/base/identity";
import { findGone, type Restored } from "./restored.ts";
import type { SimServer } from "./sim-server.ts";
import type { Violation } from "./violation.ts";

/** One change that a client was told is done. */
export interface Acknowledged {
  readonly request: string;
  readonly seq: number;
  readonly hash: string;
  readonly by: NodeId;
  readonly term: number;
  /** Who had to hold it then. */
  readonly holders: readonly NodeId[];
}

/** Who took a term. */
export interface Taken {
  readonly term: number;
  readonly by: NodeId;
  /** A person forced it, or nobody else guards it: what was acknowledged may be left behind. */
  readonly isExcused: boolean;
}

/** What was said in a run, to whom, and what people ordered. */
export interface Said {
  readonly servers: readonly SimServer[];
  /** Requests that were answered "no". */
  readonly refused: ReadonlySet<string>;
  readonly acknowledged: ReadonlyMap<string, Acknowledged>;
  readonly taken: readonly Taken[];
  /** Terms whose owner a person made go on alone although its partner might succeed it. */
  readonly forcedAlone: ReadonlySet<number>;
  readonly restored: readonly Restored[];
}

/** I1, I11, I12: what the Main of the healed end makes untrue of all that was said. */
export function findUntrue(main: SimServer, said: Said): readonly Violation[] {
  const found: Violation[] = [];
  const counts = new Map<string, number>();
  for (const { requestId } of main.disk.entries()) {
    counts.set(requestId, (counts.get(requestId) ?? 0) + 1);
  }
  for (const [request, count] of counts) {
    if (count > 1) found.push({ rule: "I11", says: `${request} took effect ${count} times` });
  }
  for (const request of said.refused) {
    if (!main.disk.requests.has(request)) continue;
    found.push({ rule: "I12", says: `${request} was refused and took effect` });
  }
  for (const change of said.acknowledged.values()) {
    if (isKept(main, change, said)) continue;
    const { request, by, term } = change;
    found.push({
      rule: "I1",
      says: `${request}, acknowledged by ${by} in term ${term}, is nowhere`,
    });
  }
  return [...found, ...said.restored.flatMap((each) => findGone(each, said.servers))];
}

/**
 * I1: in the Main's journal; or set aside or on a kept disk, where a person promoted who need not
 * hold it or had lost it with its disk, or restored a backup that is older.
 */
function isKept(
  main: SimServer,
  { request, by, holders, term, seq, hash }: Acknowledged,
  { servers, taken, forcedAlone, restored }: Said,
): boolean {
  if (main.disk.hashAt(seq) === hash || main.disk.requests.has(request)) return true;
  const wasLost = (id: NodeId): boolean =>
    servers.find((each) => each.id === id)?.disk.hadBeforeWipe(request) === true;
  const isPassedBy = taken.some(
    (each) =>
      each.term >= term &&
      (!holders.includes(each.by) || wasLost(each.by)) &&
      (each.isExcused || forcedAlone.has(term)),
  );
  const tails = servers.flatMap(({ disk }) => disk.tails.flat());
  const isAfterBackup = restored.some((each) => each.term > term && !each.brought.has(request));
  if (isAfterBackup && servers.some(({ disk }) => disk.hadOnce(request, seq, hash))) return true;
  const kept = servers.find(({ id }) => id === by)?.disk;
  const onDisk = [...(kept?.entries() ?? []), ...(kept?.lost.flat() ?? []), ...tails];
  return (isAfterBackup || isPassedBy) && onDisk.some((entry) => entry.hash === hash);
}

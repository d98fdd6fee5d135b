import type { Entry, Position } from "@gridward/core/domain/entry";
import { isHashed } from "@gridward/core/domain/entry-hash";
import { sha256 } from "../os/hash.ts";
import type { JournalFault } from "./journal.ts";

/** An entry with what stands before it; `node` is unknown where only a position is kept. */
export interface Neighbours {
  readonly earlier: Position & { readonly node?: string };
  readonly later: Entry;
}

/** A rule that must always hold: its id in SPEC.md, and the sentence that an operator reads. */
export interface Invariant<Subject> {
  readonly id: string;
  readonly says: string;
  readonly holds: (subject: Subject) => boolean;
}

/** Held on append, on opening, in the simulator, and by `gridward doctor`. */
export const journalRules: readonly Invariant<Neighbours>[] = [
  {
    id: "J1",
    says: "Sequence numbers rise by exactly one.",
    holds: ({ earlier, later }) => later.seq === earlier.seq + 1,
  },
  {
    id: "J2",
    says: "An entry carries the hash of the entry before it.",
    holds: ({ earlier, later }) => later.prev === earlier.hash,
  },
  {
    id: "J3",
    says: "The hash of an entry is that of its place and content.",
    holds: ({ later }) => isHashed(later, sha256),
  },
  {
    id: "J4",
    says: "Terms and starts never go back, and a term has one owner.",
    holds: ({ earlier, later }) =>
      later.term > earlier.term ||
      (later.term === earlier.term &&
        later.start >= earlier.start &&
        (earlier.node === undefined || earlier.node === later.node)),
  },
];

/** The first rule that entry breaks after what stands before it, or undefined. */
export function findBrokenRule(neighbours: Neighbours): JournalFault | undefined {
  const broken = journalRules.find((rule) => !rule.holds(neighbours));
  if (broken === undefined) return undefined;
  const { seq } = neighbours.later;
  return {
    code: "journal.chain-broken",
    detail: `at ${seq}, rule ${broken.id}: ${broken.says}`,
    seq,
  };
}

/** The first fault of entries that are to follow `head`, or undefined. */
export function findBrokenRuleIn(
  head: Position,
  entries: Iterable<Entry>,
): JournalFault | undefined {
  let earlier: Neighbours["earlier"] = head;
  for (const later of entries) {
    const fault = findBrokenRule({ earlier, later });
    if (fault !== undefined) return fault;
    earlier = later;
  }
  return undefined;
}

export function positionOf({ term, start, seq, hash }: Position): Position {
  return { term, start, seq, hash };
}

import type { NodeId, RequestId } from "@gridward/core/base/identity";
import type { EntryContent } from "@gridward/core/domain/entry";
import type { Fact } from "@gridward/core/domain/fact";
import type { Actor } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import type { Ledger } from "../ledger.ts";

/** The server in whose name the pair writes. */
export interface Author {
  readonly self: NodeId;
  readonly name: string;
  readonly clock: Clock;
  readonly freshRequestId: () => RequestId;
}

/** A state digest is journalled once in this many entries (design §4). */
const digestEvery = 256;

/** An entry of the pair's own: who owns the term, who must hold a change (HS19). */
export function ownEntry(author: Author, kind: string, fact: Fact): EntryContent {
  const { self, name, clock, freshRequestId } = author;
  const actor: Actor = { kind: "server", id: self, name, door: "pair", source: "" };
  return {
    at: clock.now(),
    actor,
    requestId: freshRequestId(),
    kind,
    facts: [fact],
    answer: {},
  };
}

/** What the state is at the head, where what is staged since the last flush makes that due. */
export function digestDue(
  author: Author,
  { head, durableSeq, digest }: Ledger,
): EntryContent | undefined {
  const { seq } = head;
  if (Math.floor(seq / digestEvery) === Math.floor(durableSeq / digestEvery)) return undefined;
  return ownEntry(author, "digest-state", { kind: "state-digested", seq, digest });
}

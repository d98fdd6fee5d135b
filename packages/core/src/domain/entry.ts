import type { NodeId, RequestId } from "../base/identity.ts";
import type { Instant } from "../base/time.ts";
import type { Fact } from "./fact.ts";
import type { Actor, CommandAnswer } from "./types.ts";

/** A place in a history. Equal hash at equal sequence means equal prefix. */
export interface Position {
  /** Rises with each change of Main, and only with authority (rule R5). */
  readonly term: number;
  /** Counts the starts of the term's owner. */
  readonly start: number;
  /** Number of the entry; 0 is the empty journal. No gaps. */
  readonly seq: number;
  /** SHA-256 over the entry and the hash before it, lower-case hexadecimal. */
  readonly hash: string;
}

/** What is written into one entry, before it has a place. */
export interface EntryContent {
  readonly at: Instant;
  readonly actor: Actor;
  readonly requestId: RequestId;
  /** Kind of the command that caused it. */
  readonly kind: string;
  readonly facts: readonly Fact[];
  readonly answer: CommandAnswer;
}

/** One record of the journal. `prev` is the hash of the entry before. */
export interface Entry extends EntryContent, Position {
  readonly prev: string;
  /** Server that wrote it: the owner of the term. */
  readonly node: NodeId;
}

/** Place before the first entry. */
export const origin: Position = { term: 0, start: 0, seq: 0, hash: "0".repeat(64) };

/** Order of two histories by their last entries (research: term, then start, then sequence). */
export function comparePositions(left: Position, right: Position): number {
  return left.term - right.term || left.start - right.start || left.seq - right.seq;
}

export function samePosition(left: Position, right: Position): boolean {
  return left.seq === right.seq && left.hash === right.hash;
}

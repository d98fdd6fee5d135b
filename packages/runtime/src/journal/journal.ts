import type { Result } from "@gridward/core/base/result";
import type { Entry, Position } from "@gridward/core/domain/entry";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { RowChange } from "@gridward/core/domain/types";

/** Why a journal cannot be used or written: a code of the refusal table's `journal.*` family. */
export interface JournalFault {
  readonly code:
    | "journal.chain-broken"
    | "journal.digest-mismatch"
    | "journal.older-than-control"
    | "journal.unreadable"
    | "journal.unsupported"
    | "journal.wrong-incarnation";
  readonly detail: string;
  /** Sequence number at which it was found, if one is known. */
  readonly seq: number | null;
}

/** What opening a journal gives: the verified state at its head. */
export interface OpenedJournal {
  readonly journal: Journal;
  readonly state: DirectoryState;
  /** Hexadecimal state digest at the head, 64 characters. */
  readonly digest: string;
  /**
   * How far the journal knew itself committed, and the state there. What follows, at most the last
   * batches before a crash, may or may not have been acknowledged, and must not be seen yet (I10).
   */
  readonly committed: Position;
  readonly committedState: DirectoryState;
  readonly committedDigest: string;
}

/**
 * The append-only, hash-chained record that is the truth. One writer: the pair's shell. All calls
 * are synchronous and durable when they return (design §4: a plain transaction, synchronous=FULL).
 * An append that fails for want of space throws `DiskFull` and leaves the journal as it was; any
 * other error of the disk throws and ends the process.
 */
export interface Journal {
  readonly incarnation: string;
  head(): Position;
  /** First sequence number still kept as an entry (older ones live in the snapshot). */
  first(): number;
  /**
   * Appends entries that continue the head exactly; a gap or another `prev` is a defect. Keeps, in
   * the same transaction, up to where the journal is known to be committed.
   */
  append(entries: readonly Entry[], committed: number): void;
  /** Keeps a later commit mark; durable at the latest with the next append or `close`. */
  noteCommitted(seq: number): void;
  /** At most `limit` entries from `seq` on, in order. */
  read(seq: number, limit: number): readonly Entry[];
  /** Hash at a sequence number, or undefined where none is kept. */
  hashAt(seq: number): string | undefined;
  /** Position of the last entry of each term, oldest first: the history compared at a rejoin. */
  terms(): readonly Position[];
  /** Takes away everything after `seq` (rejoin of an old Main; the tail was exported before). */
  truncate(seq: number): void;
  /** Writes the state at `position` as the snapshot from which the next opening starts. */
  saveSnapshot(state: DirectoryState, position: Position, digest: string): void;
  close(): void;
}

/** A row, with its canonical text where that is at hand. */
export type RowToKeep = RowChange & { readonly text?: string };

/** Builds a new generation beside the old one from a snapshot that arrives in pieces. */
export interface GenerationBuilder {
  readonly incarnation: string;
  rows(changes: readonly RowToKeep[]): void;
  /**
   * Verifies count and digest, makes everything durable, and gives the journal whose head is
   * `position`. Nothing is current until the control record names the incarnation. `earlier` are the
   * ends of the terms before, oldest first, where they are known: history has no other trace here.
   */
  finish(
    position: Position,
    digest: string,
    earlier?: readonly Position[],
  ): Result<OpenedJournal, JournalFault>;
  abandon(): void;
}

/** The journals of one data directory. Old generations are removed only by `keepOnly`. */
export interface JournalStore {
  open(incarnation: string): Result<OpenedJournal, JournalFault>;
  create(incarnation: string): OpenedJournal;
  build(incarnation: string): GenerationBuilder;
  keepOnly(incarnation: string): void;
}

/** The disk has no room for the append; nothing was written. */
export class DiskFull extends Error {
  override readonly name = "DiskFull";
}

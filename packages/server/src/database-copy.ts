import type { Position } from "@gridward/core/domain/entry";
import type { DirectoryState } from "@gridward/core/domain/state";

/** A committed moment of a database, for a copy of it elsewhere: a first pass, or a backup. */
export interface DatabaseCopy {
  readonly state: DirectoryState;
  readonly position: Position;
  readonly digest: string;
  /** Ends of the terms before, oldest first: what left the history in them is known by these. */
  readonly earlier: readonly Position[];
}

/** Far more than a system changes its Main; their places fit in one frame. */
export const termsMost = 10_000;

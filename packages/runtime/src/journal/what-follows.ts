import type { DatabaseSync } from "node:sqlite";
import type { Instant } from "@gridward/core/base/time";
import type { Position } from "@gridward/core/domain/entry";
import { readDatabase } from "../os/read-only-database.ts";
import { isSqliteError } from "./sqlite-file.ts";
import { readEntries } from "./sqlite-journal.ts";
import { journalPath } from "./sqlite-store.ts";

/** What a journal holds after a place, as far as it can be read at all. */
export interface WhatFollows {
  /** Whether the place is one of this journal's own; null where it no longer keeps that entry. */
  readonly isOurs: boolean | null;
  readonly changes: number;
  readonly term: number;
  readonly seq: number;
  readonly newestAt: Instant | null;
}

/**
 * Looks at a journal that may be damaged, without changing it: reading ends at the first entry
 * that cannot be read. Undefined where there is nothing to read.
 */
export function readWhatFollows(
  directory: string,
  incarnation: string,
  place: Pick<Position, "seq" | "hash">,
  isInUse: boolean,
): WhatFollows | undefined {
  try {
    return readDatabase(journalPath(directory, incarnation), isInUse, (database) =>
      look(database, place),
    );
  } catch (error) {
    // A file that is not there says ENOENT or "unable to open"; a damaged one, what is damaged.
    if (isSqliteError(error) || (error instanceof Error && "code" in error)) return undefined;
    throw error;
  }
}

function look(database: DatabaseSync, place: Pick<Position, "seq" | "hash">): WhatFollows {
  let follows: WhatFollows = { isOurs: null, changes: 0, term: 0, seq: 0, newestAt: null };
  for (const entry of readEntries(database, place.seq)) {
    if (!entry.ok) break;
    const { seq, hash, term, at } = entry.value;
    const isPlace = seq === place.seq;
    follows = {
      isOurs: isPlace ? hash === place.hash : follows.isOurs,
      changes: follows.changes + (isPlace ? 0 : 1),
      term,
      seq,
      newestAt: at,
    };
  }
  return follows;
}

import type { KeyObject } from "node:crypto";
import { nodeId } from "@gridward/core/base/identity";
import { assert } from "@gridward/core/base/result";
import type { Entry, Position } from "@gridward/core/domain/entry";
import type { Tail } from "@gridward/core/domain/pair/event";
import { someEntries } from "@gridward/runtime/journal/fixtures";
import { createSigningKey } from "@gridward/runtime/trust/x509/keys";
import type { TailAuthor, TailSource } from "./tail-folder.ts";

/** For tests: a journal of `count` entries that left the system's history after the second. */
export interface LostHistory {
  readonly entries: readonly Entry[];
  readonly source: TailSource;
  readonly tail: Tail;
  readonly author: TailAuthor;
  readonly pairingKey: KeyObject;
}

export function aLostHistory(count: number): LostHistory {
  const entries = someEntries(count);
  const after = entries[1];
  const upTo = entries.at(-1);
  assert(after !== undefined && upTo !== undefined, "a lost history has three entries");
  const pairingKey = createSigningKey();
  return {
    entries,
    source: {
      read: (seq, limit) => entries.slice(seq - 1, seq - 1 + limit),
      terms: () => [placeOf(upTo)],
    },
    tail: {
      after: placeOf(after),
      upTo: placeOf(upTo),
      acknowledged: 3,
      rest: "unknown",
      theirs: [placeOf(after)],
    },
    author: { system: "system", node: nodeId("A"), name: "A", pairingKey, at: 1_000 },
    pairingKey,
  };
}

function placeOf({ term, start, seq, hash }: Entry): Position {
  return { term, start, seq, hash };
}

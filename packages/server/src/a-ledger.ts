import { nodeId } from "@gridward/core/base/identity";
import type { Entry, EntryContent } from "@gridward/core/domain/entry";
import { faultyJournalStore } from "@gridward/runtime/journal/faulty-journal";
import { anEntry, someEntries } from "@gridward/runtime/journal/fixtures";
import type { JournalStore } from "@gridward/runtime/journal/journal";
import { memoryJournalStore } from "@gridward/runtime/journal/memory-journal";
import { sha256 } from "@gridward/runtime/os/hash";
import { Ledger } from "./ledger.ts";

/** For tests: a ledger over a journal in memory that holds a system, committed. */
export interface TestLedger {
  readonly ledger: Ledger;
  readonly store: JournalStore;
  /** The one entry in it. */
  readonly first: Entry;
  /** From now on there is no room, or there is again. */
  readonly fill: (isFull: boolean) => void;
}

export const place = { node: nodeId("A"), term: 1, start: 1 };

export function aLedger(): TestLedger {
  let isFull = false;
  const store = faultyJournalStore(memoryJournalStore(), () => (isFull ? "disk-full" : undefined));
  const { journal } = store.create("first");
  const entries = someEntries(1);
  journal.append(entries, 1);
  journal.close();
  const opened = store.open("first");
  if (!opened.ok) throw new Error(opened.error.detail);
  const [first] = entries;
  if (!first) throw new Error("there is a first entry");
  const ledger = new Ledger(opened.value, sha256);
  return { ledger, store, first, fill: (now) => void (isFull = now) };
}

/** A change without further sense. */
export function aChange(name: string): EntryContent {
  const { at, actor, requestId, kind, facts, answer } = anEntry(undefined, {
    facts: [{ kind: "session-ended", id: name, expiresAt: Number.MAX_SAFE_INTEGER }],
  });
  return { at, actor, requestId, kind, facts, answer };
}

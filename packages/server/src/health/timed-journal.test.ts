import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { blankControl } from "@gridward/core/domain/control-record";
import { emptyDigest } from "@gridward/core/domain/digest";
import { origin } from "@gridward/core/domain/entry";
import { someEntries } from "@gridward/runtime/journal/fixtures";
import { memoryJournalStore } from "@gridward/runtime/journal/memory-journal";
import type { OpenedJournal } from "@gridward/runtime/journal/journal";
import { timeWrites } from "./timed-journal.ts";

test("[GF5] each append is measured, whichever way the journal was opened", () => {
  const store = memoryJournalStore();
  const writes: number[] = [];
  const times = [0, 7, 10, 12, 20, 23, 30, 31];
  const record = blankControl(nodeId("A"), null);
  const found = { record, store, opened: store.create("found"), fault: null };
  const timed = timeWrites(
    found,
    { monotonic: () => times.shift() ?? 0 },
    { onWrite: (took) => writes.push(took) },
  );
  const built = timed.store.build("built").finish(origin, emptyDigest);
  assert.ok(built.ok);
  const entries = someEntries(1);
  const append = ({ journal }: OpenedJournal): void => {
    journal.append(entries, 0);
    journal.noteCommitted(1);
    assert.equal(journal.head().seq, 1);
    journal.close();
  };
  assert.ok(timed.opened);
  for (const opened of [timed.opened, timed.store.create("created"), built.value]) append(opened);
  const again = timed.store.open("created");
  assert.ok(again.ok);
  assert.equal(again.value.journal.read(1, 1).length, 1);
  again.value.journal.append(someEntries(2).slice(1), 1);
  assert.deepEqual(writes, [7, 2, 3, 1]);
});

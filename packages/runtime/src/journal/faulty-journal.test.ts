import assert from "node:assert/strict";
import { test } from "node:test";
import { faultyJournalStore, PowerLoss, type Fault } from "./faulty-journal.ts";
import { someEntries } from "./fixtures.ts";
import { journalContract, mustOpen, plain, versionAfter } from "./journal.contract.ts";
import { memoryJournalStore } from "./memory-journal.ts";

journalContract("faulty journal", () => {
  let isFull = false;
  return {
    store: faultyJournalStore(memoryJournalStore(), () => (isFull ? "disk-full" : undefined)),
    withFullDisk: (_journal, work) => {
      isFull = true;
      work();
      isFull = false;
    },
  };
});

const durableAfter: Readonly<Record<Exclude<Fault, "disk-full">, number>> = {
  "crash-before": 4,
  torn: 7,
  "crash-after": 10,
};

for (const [fault, durable] of Object.entries(durableAfter)) {
  test(`[J30] after "${fault}" in an append the journal is dead, and opens with ${durable} entries`, () => {
    let next: Fault | undefined;
    const store = faultyJournalStore(memoryJournalStore(), () => next);
    const { journal } = store.create("one");
    const entries = someEntries(10);
    journal.append(entries.slice(0, 4), 2);
    journal.noteCommitted(4);
    next = isFault(fault) ? fault : undefined;
    assert.throws(() => journal.append(entries.slice(4), 4), PowerLoss);
    next = undefined;
    assert.throws(() => journal.head(), /opened again/);
    journal.close();
    const opened = mustOpen(store);
    const { state, digest } = opened;
    const expected = plain(versionAfter(entries.slice(0, durable)));
    assert.deepEqual(plain({ position: opened.journal.head(), state, digest }), expected);
    assert.equal(opened.committed.seq, fault === "crash-before" ? 2 : 4);
  });
}

test("[J30] a crash while a generation is finished leaves it whole or not there", () => {
  let next: Fault | undefined;
  const store = faultyJournalStore(memoryJournalStore(), () => next);
  for (const fault of ["crash-before", "crash-after"] as const) {
    const builder = store.build(fault);
    next = fault;
    assert.throws(() => builder.finish(versionAfter([]).position, "0".repeat(64)), PowerLoss);
    next = undefined;
    assert.equal(store.open(fault).ok, fault === "crash-after");
  }
});

function isFault(text: string): text is Exclude<Fault, "disk-full"> {
  return Object.hasOwn(durableAfter, text);
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { Defect } from "@gridward/core/base/result";
import type { Entry } from "@gridward/core/domain/entry";
import { anEntry } from "@gridward/runtime/journal/fixtures";
import { DiskFull, type OpenedJournal } from "@gridward/runtime/journal/journal";
import { aChange, aLedger, place, type TestLedger } from "./a-ledger.ts";
import { StateMismatch } from "./ledger.ts";

function has({ ledger }: TestLedger, session: string): readonly [boolean, boolean] {
  return [
    ledger.prepared.tables.endedSessions.has(session),
    ledger.state.tables.endedSessions.has(session),
  ];
}

function reopened({ store }: TestLedger): OpenedJournal {
  const opened = store.open("first");
  if (!opened.ok) throw new Error(opened.error.detail);
  return opened.value;
}

test("[LG1] a change is prepared when staged, durable when flushed, seen when committed", () => {
  const house = aLedger();
  const { ledger } = house;
  ledger.stage(aChange("one"), place);
  assert.deepEqual(has(house, "one"), [true, false]);
  assert.deepEqual([ledger.head.seq, ledger.durableSeq, ledger.committed.seq], [2, 1, 1]);
  ledger.flush();
  assert.equal(ledger.durableSeq, 2);
  assert.deepEqual(has(house, "one"), [true, false]);
  ledger.commit(2);
  assert.deepEqual(has(house, "one"), [true, true]);
  assert.equal(ledger.committed.seq, 2);
});

test("[LG1] a commit goes as far as it says and never back", () => {
  const house = aLedger();
  const { ledger } = house;
  for (const name of ["one", "two", "three"]) ledger.stage(aChange(name), place);
  ledger.flush();
  ledger.commit(3);
  assert.deepEqual(has(house, "three"), [true, false]);
  ledger.commit(2);
  ledger.commit(1);
  assert.equal(ledger.committed.seq, 3);
  ledger.commit(99);
  assert.equal(ledger.committed.seq, 4);
});

test("[LG2] a full disk forgets what was staged, and what was prepared before stays", () => {
  const house = aLedger();
  const { ledger, fill } = house;
  ledger.stage(aChange("one"), place);
  ledger.flush();
  ledger.stage(aChange("two"), place);
  ledger.stage(aChange("three"), place);
  fill(true);
  assert.throws(() => ledger.flush(), DiskFull);
  assert.deepEqual([ledger.head.seq, ledger.durableSeq], [2, 2]);
  assert.deepEqual(has(house, "two"), [false, false]);
  fill(false);
  assert.equal(ledger.stage(aChange("four"), place).seq, 3);
  ledger.flush();
  assert.equal(reopened(house).journal.head().hash, ledger.head.hash);
});

test("[LG2] entries of a Main that find no room change nothing", () => {
  const house = aLedger();
  house.fill(true);
  assert.throws(() => house.ledger.append([anEntry(house.first)]), DiskFull);
  assert.equal(house.ledger.head.seq, 1);
});

test("[LG3] a digest of the Main's that our state does not have is a mismatch, and nothing is kept", () => {
  const { ledger, first } = aLedger();
  const follow = (digest: string): readonly [Entry, Entry] => {
    const one = anEntry(first);
    return [one, anEntry(one, { facts: [{ kind: "state-digested", seq: 2, digest }] })];
  };
  assert.throws(() => ledger.append(follow("0".repeat(64))), StateMismatch);
  assert.equal(ledger.head.seq, 1);
  const twin = aLedger().ledger;
  twin.append([anEntry(first)]);
  ledger.append(follow(twin.digest));
  assert.equal(ledger.head.seq, 3);
});

test("[LG4] a tail is cut back to a place that was durable, and a committed change never", () => {
  const house = aLedger();
  const { ledger } = house;
  ledger.append([anEntry(house.first)]);
  ledger.commit(2);
  const { head } = ledger;
  ledger.stage(aChange("lost"), place);
  ledger.flush();
  ledger.truncate(head, () => reopened(house));
  assert.deepEqual(ledger.head, head);
  assert.equal(ledger.committed.seq, 2);
  assert.deepEqual(has(house, "lost"), [false, false]);
  assert.throws(() => ledger.truncate(house.first, () => reopened(house)), Defect);
});

test("[LG5] what was durable and not committed at a crash is prepared after it, not seen", () => {
  const house = aLedger();
  house.ledger.stage(aChange("one"), place);
  house.ledger.flush();
  house.ledger.replace(reopened(house));
  assert.deepEqual(has(house, "one"), [true, false]);
});

test("[LG6] a snapshot that finds no room is left for another time", () => {
  const { ledger, fill } = aLedger();
  fill(true);
  assert.doesNotThrow(() => ledger.saveSnapshot());
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { anEntry, someEntries } from "./fixtures.ts";
import { RecentEntries } from "./recent-entries.ts";

test("[J12] the newest entries read as from the disk, and nothing is read that is not kept", () => {
  const entries = someEntries(20);
  const recent = new RecentEntries();
  assert.equal(recent.read(1, 5), undefined);
  recent.add(entries.slice(4));
  assert.deepEqual(recent.read(7, 3), entries.slice(6, 9));
  assert.deepEqual(recent.read(19, 9), entries.slice(18));
  assert.deepEqual(recent.read(21, 9), []);
  assert.equal(recent.read(4, 2), undefined);
  assert.equal(recent.hashAt(20), entries[19]?.hash);
  assert.equal(recent.hashAt(4), undefined);
  assert.equal(recent.hashAt(21), undefined);
});

test("[J14] after a cut the newest entries end there, and go on from there", () => {
  const entries = someEntries(20);
  const recent = new RecentEntries();
  recent.add(entries);
  recent.cut(12);
  assert.deepEqual(recent.read(11, 9), entries.slice(10, 12));
  const other = anEntry(entries[11], { term: 9 });
  recent.add([other]);
  assert.equal(recent.hashAt(13), other.hash);
  recent.forget(12);
  assert.equal(recent.read(12, 1), undefined);
  assert.deepEqual(recent.read(13, 1), [other]);
  recent.cut(0);
  assert.equal(recent.read(13, 1), undefined);
});

test("[J12] what is kept at hand is bounded, however large entries are", () => {
  const facts = Array.from({ length: 3_000 }, () => someEntries(1)[0]?.facts ?? []).flat();
  const recent = new RecentEntries();
  const first = anEntry(undefined, { facts });
  const second = anEntry(first, { facts });
  const third = anEntry(second, { facts });
  recent.add([first, second, third]);
  assert.equal(recent.hashAt(1), undefined);
  assert.equal(recent.hashAt(3), third.hash);
  const huge = anEntry(third, { facts: [...facts, ...facts, ...facts] });
  recent.add([huge]);
  assert.equal(recent.hashAt(4), undefined);
  const after = anEntry(huge);
  recent.add([after]);
  assert.deepEqual(recent.read(5, 2), [after]);
});

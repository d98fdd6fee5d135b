import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { advance } from "@gridward/core/domain/apply";
import { digestAfter } from "@gridward/core/domain/digest";
import type { Entry } from "@gridward/core/domain/entry";
import { allRows } from "@gridward/core/domain/tables";
import type { RowChange } from "@gridward/core/domain/types";
import { sha256 } from "../os/hash.ts";
import { anEntry, someEntries } from "./fixtures.ts";
import { DiskFull, type JournalStore, type OpenedJournal } from "./journal.ts";
import { positionOf } from "./journal-rules.ts";
import { firstVersion, type Version } from "./replay.ts";
import { rowsBetween } from "./snapshot-rows.ts";

/** A store under test, and the way to fill its disk for the next append. */
export interface Subject {
  readonly store: JournalStore;
  readonly withFullDisk: (journal: OpenedJournal["journal"], work: () => void) => void;
}

/** The rules J10 to J19, which every implementation keeps. */
export function journalContract(name: string, prepare: (t: TestContext) => Subject): void {
  describe(name, () => {
    keepsEntries(prepare);
    keepsHistory(prepare);
    keepsSnapshots(prepare);
    buildsGenerations(prepare);
  });
}

type Prepare = (t: TestContext) => Subject;

function keepsEntries(prepare: Prepare): void {
  test("[J10] an empty journal, and one with entries, opens to the same state and digest", (t) => {
    const { store } = prepare(t);
    const empty = store.create("one");
    assert.deepEqual(atHead(empty), firstVersion);
    empty.journal.close();
    const again = mustOpen(store);
    again.journal.append(someEntries(5), 5);
    again.journal.close();
    const opened = mustOpen(store);
    assert.deepEqual(plain(atHead(opened)), plain(versionAfter(someEntries(5))));
    assert.deepEqual(opened.journal.read(1, 10), someEntries(5));
    opened.journal.close();
    assert.deepEqual(store.open("two").ok, false);
  });

  test("[J11] a gap, another hash before and an altered entry are refused, with all their batch", (t) => {
    const { store } = prepare(t);
    const { journal } = store.create("one");
    const [first, second, third] = someEntries(3);
    assert.ok(first && second && third);
    const wrong = [
      [second],
      [first, third],
      [first, { ...second, prev: "0".repeat(64) }],
      [first, { ...second, kind: "another" }],
      [first, anEntry(first, { term: 0 })],
    ];
    for (const batch of wrong) assert.throws(() => journal.append(batch, 0), /rule J[1-4]/);
    assert.equal(journal.head().seq, 0);
    journal.append([first], 0);
    assert.throws(() => journal.append([first], 0), /rule J1/);
    assert.throws(() => journal.append([anEntry(first, { node: "other" })], 0), /rule J4/);
    journal.close();
    assert.equal(mustClose(store).head.seq, 1);
  });

  test("[J12] a reading is bounded, ordered, and ends at the head", (t) => {
    const { store } = prepare(t);
    const { journal } = store.create("one");
    const entries = someEntries(10);
    journal.append(entries, 0);
    assert.deepEqual(journal.read(4, 3), entries.slice(3, 6));
    assert.deepEqual(journal.read(9, 100), entries.slice(8));
    assert.deepEqual(journal.read(11, 100), []);
    assert.deepEqual(journal.first(), 1);
    assert.equal(journal.hashAt(4), entries[3]?.hash);
    assert.equal(journal.hashAt(11), undefined);
    journal.close();
  });

  test("[J16] the commit mark comes back with the state at it", (t) => {
    const { store } = prepare(t);
    const entries = someEntries(6);
    const { journal } = store.create("one");
    journal.append(entries.slice(0, 4), 2);
    journal.append(entries.slice(4), 3);
    journal.noteCommitted(99);
    journal.close();
    assert.equal(mustClose(store).committed.seq, 6);
    const { journal: second } = store.create("two");
    second.append(entries, 4);
    second.close();
    const opened = mustOpen(store, "two");
    assert.deepEqual(plain(atCommitted(opened)), plain(versionAfter(entries.slice(0, 4))));
    assert.deepEqual(plain(atHead(opened)), plain(versionAfter(entries)));
    opened.journal.close();
  });

  test("[J19] an append without room throws DiskFull, and the same append goes through later", (t) => {
    const { store, withFullDisk } = prepare(t);
    const { journal } = store.create("one");
    const entries = someEntries(40);
    journal.append(entries.slice(0, 2), 1);
    withFullDisk(journal, () => {
      assert.throws(() => journal.append(entries.slice(2), 2), DiskFull);
    });
    assert.deepEqual(journal.head(), positionOf(mustAt(entries, 1)));
    assert.equal(journal.hashAt(3), undefined);
    journal.append(entries.slice(2), 2);
    journal.close();
    assert.equal(mustClose(store).head.seq, 40);
  });
}

function keepsHistory(prepare: Prepare): void {
  test("[J13] the history of terms names the last entry of each term", (t) => {
    const { store } = prepare(t);
    const { journal } = store.create("one");
    const entries = threeTerms();
    assert.deepEqual(journal.terms(), []);
    journal.append(entries.slice(0, 3), 0);
    journal.append(entries.slice(3), 0);
    const ends = [2, 4, 6].map((seq) => positionOf(mustAt(entries, seq - 1)));
    assert.deepEqual(journal.terms(), ends);
    const { state, position, digest } = versionAfter(entries.slice(0, 3));
    journal.saveSnapshot(state, position, digest);
    journal.truncate(5);
    assert.deepEqual(journal.terms(), [...ends.slice(0, 2), positionOf(mustAt(entries, 4))]);
    journal.truncate(4);
    assert.deepEqual(journal.terms(), ends.slice(0, 2));
    journal.truncate(3);
    assert.deepEqual(journal.terms(), [ends[0], positionOf(mustAt(entries, 2))]);
    journal.close();
  });

  test("[J14] after a cut another history goes on", (t) => {
    const { store } = prepare(t);
    const { journal } = store.create("one");
    const entries = someEntries(5);
    journal.append(entries, 5);
    journal.truncate(3);
    assert.equal(journal.hashAt(4), undefined);
    const other = anEntry(mustAt(entries, 2), { node: "other", term: 9 });
    journal.append([other], 0);
    journal.close();
    const opened = mustOpen(store);
    const history = [...entries.slice(0, 3), other];
    assert.deepEqual(plain(atHead(opened)), plain(versionAfter(history)));
    assert.equal(opened.committed.seq, 3);
    assert.deepEqual(opened.journal.read(1, 9), history);
    opened.journal.truncate(0);
    assert.deepEqual(opened.journal.terms(), []);
    opened.journal.close();
    assert.equal(mustClose(store).head.seq, 0);
  });
}

function keepsSnapshots(prepare: Prepare): void {
  test("[J15] two snapshots later the state is the one replayed from the first entry", (t) => {
    const { store } = prepare(t);
    const { journal } = store.create("one");
    const entries = someEntries(30);
    journal.append(entries, 30);
    for (const upTo of [10, 20]) {
      const { state, position, digest } = versionAfter(entries.slice(0, upTo));
      journal.saveSnapshot(state, position, digest);
    }
    journal.close();
    const opened = mustOpen(store);
    assert.deepEqual(plain(atHead(opened)), plain(versionAfter(entries)));
    const { state, position, digest } = versionAfter(entries);
    opened.journal.saveSnapshot(state, position, digest);
    opened.journal.close();
    const last = mustOpen(store);
    assert.deepEqual(plain(atHead(last)), plain(versionAfter(entries)));
    assert.deepEqual(last.committed, position);
    assert.throws(() => last.journal.truncate(29), /after the snapshot/);
    last.journal.close();
  });
}

function buildsGenerations(prepare: Prepare): void {
  test("[J17] a generation built from rows opens at its place and goes on from there", (t) => {
    const { store } = prepare(t);
    const { state, position, digest } = versionAfter(someEntries(30));
    const rows = rowsOf(state);
    const builder = store.build("two");
    builder.rows(rows.slice(0, 7));
    assert.equal(store.open("two").ok, false);
    builder.rows(rows.slice(7));
    const before = positionOf({ ...position, term: position.term - 1, seq: position.seq - 1 });
    const built = builder.finish(position, digest, [before]);
    assert.ok(built.ok);
    assert.deepEqual(plain(atHead(built.value)), plain({ state, position, digest }));
    assert.deepEqual(built.value.committed, position);
    const { journal } = built.value;
    assert.deepEqual(journal.terms(), [before, position]);
    assert.equal(journal.hashAt(position.seq), position.hash);
    assert.equal(journal.first(), 31);
    journal.append(someEntries(33).slice(30), 33);
    journal.close();
    assert.equal(mustClose(store, "two").head.seq, 33);
  });

  test("[J17] a row too many or too few is refused, and nothing is left to open", (t) => {
    const { store } = prepare(t);
    const { state, position, digest } = versionAfter(someEntries(30));
    const builder = store.build("two");
    builder.rows(rowsOf(state).slice(1));
    const built = builder.finish(position, digest);
    assert.equal(built.ok ? "" : built.error.code, "journal.digest-mismatch");
    assert.equal(store.open("two").ok, false);
  });

  test("[J18] an abandoned generation is gone, and keepOnly keeps the one named", (t) => {
    const { store } = prepare(t);
    store.create("one").journal.close();
    store.create("old").journal.close();
    const builder = store.build("two");
    builder.abandon();
    assert.equal(store.open("two").ok, false);
    store.keepOnly("one");
    assert.equal(store.open("old").ok, false);
    assert.equal(mustClose(store).head.seq, 0);
  });
}

function threeTerms(): readonly Entry[] {
  const entries: Entry[] = [];
  for (const term of [1, 1, 2, 2, 5, 5]) {
    entries.push(anEntry(entries.at(-1), { term, node: `owner${term}` }));
  }
  return entries;
}

/** What replaying gives, computed without any journal. */
export function versionAfter(entries: readonly Entry[]): Version {
  let version = firstVersion;
  for (const entry of entries) {
    const { state, changes } = advance(version.state, entry);
    const digest = digestAfter(version.digest, version.state, changes, sha256);
    version = { position: positionOf(entry), state, digest };
  }
  return version;
}

export function mustOpen(store: JournalStore, incarnation = "one"): OpenedJournal {
  const opened = store.open(incarnation);
  assert.ok(opened.ok, opened.ok ? "" : opened.error.detail);
  return opened.value;
}

/** Opens, looks and closes. */
function mustClose(
  store: JournalStore,
  incarnation = "one",
): { readonly head: Version["position"]; readonly committed: Version["position"] } {
  const { journal, committed } = mustOpen(store, incarnation);
  const head = journal.head();
  journal.close();
  return { head, committed };
}

function atHead({ journal, state, digest }: OpenedJournal): Version {
  return { position: journal.head(), state, digest };
}

function atCommitted(opened: OpenedJournal): Version {
  const { committed, committedState, committedDigest } = opened;
  return { position: committed, state: committedState, digest: committedDigest };
}

/** Immutable maps keep an order of their own: compared as sorted rows. */
export function plain({ position, state, digest }: Version): unknown {
  const rows = [...allRows(state)].map(({ table, key, row }) => [`${table} ${key}`, row] as const);
  return { position, digest, rows: new Map(rows) };
}

/** All rows of a state as a first pass sends them. */
export function rowsOf(state: Version["state"]): readonly RowChange[] {
  return [...rowsBetween(firstVersion.state, state)];
}

function mustAt(entries: readonly Entry[], index: number): Entry {
  const entry = entries[index];
  assert.ok(entry);
  return entry;
}

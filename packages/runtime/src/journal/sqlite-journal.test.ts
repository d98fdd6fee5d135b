import assert from "node:assert/strict";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { canonical } from "@gridward/core/base/canonical";
import { removePath } from "../os/files.ts";
import { someEntries } from "./fixtures.ts";
import { DiskFull } from "./journal.ts";
import { journalContract, mustOpen, plain, rowsOf, versionAfter } from "./journal.contract.ts";
import { numberOf, openJournalFile } from "./sqlite-file.ts";
import { journalPath, sqliteJournalStore } from "./sqlite-store.ts";

journalContract("SQLite journal", (t) => {
  let database: DatabaseSync | undefined;
  const openFile = (path: string): DatabaseSync => {
    database = openJournalFile(path);
    return database;
  };
  return {
    store: sqliteJournalStore(aDirectory(t), { openFile }),
    withFullDisk: (_journal, work) => {
      assert.ok(database);
      database.exec(`PRAGMA max_page_count = ${numberOf(database, "PRAGMA page_count")}`);
      work();
      database.exec("PRAGMA max_page_count = 1000000");
    },
  };
});

test("[J31] a generation for which there is no room leaves nothing", (t) => {
  const directory = aDirectory(t);
  for (const pages of [1, 2, 4]) {
    const openFile = (path: string): DatabaseSync => {
      const database = openJournalFile(path);
      database.exec(`PRAGMA max_page_count = ${pages}`);
      return database;
    };
    const store = sqliteJournalStore(directory, { openFile });
    assert.throws(() => store.build("one"), DiskFull);
    assert.throws(() => store.create("two"), DiskFull);
    assert.deepEqual(readdirSync(join(directory, "generations")), []);
  }
});

test("[J20] a copy of the files taken between any two appends opens with whole batches", (t) => {
  const directory = aDirectory(t);
  const { journal } = sqliteJournalStore(directory).create("one");
  const entries = someEntries(30);
  for (let batch = 0; batch < 3; batch++) {
    journal.append(entries.slice(batch * 10, batch * 10 + 10), batch * 10);
    const files = walOf(directory);
    // The write-ahead log is cut at each of some lengths, as a crash while it is written leaves it.
    for (const part of [0, 0.3, 0.6, 0.9, 1]) {
      const copy = aDirectory(t);
      cpSync(directory, copy, { recursive: true });
      truncateSync(walOf(copy), Math.floor(statSync(files).size * part));
      const opened = sqliteJournalStore(copy).open("one");
      const seq = opened.ok ? opened.value.journal.head().seq : 0;
      assert.equal(seq % 10, 0);
      if (part === 1) assert.equal(seq, batch * 10 + 10);
      if (opened.ok) opened.value.journal.close();
    }
  }
  journal.close();
});

test("[J21] a journal cut at any tenth of its length, or empty, is refused in words", (t) => {
  const directory = aFilledDirectory(t);
  const path = journalPath(directory, "one");
  const { length } = readFileSync(path);
  for (let tenth = 9; tenth >= 0; tenth--) {
    truncateSync(path, Math.floor((length * tenth) / 10));
    const opened = sqliteJournalStore(directory).open("one");
    assert.ok(!opened.ok, `${tenth} tenths open`);
    assert.match(opened.error.code, /^journal\.(unreadable|chain-broken|digest-mismatch)$/);
    assert.ok(opened.error.detail.length > 10);
  }
});

test("[J21] no flipped bit of an entry or a row goes unnoticed", (t) => {
  const directory = aFilledDirectory(t);
  const path = journalPath(directory, "one");
  const whole = readFileSync(path);
  let flips = 0;
  for (const text of ["Ännchen of account 5", "session 38", '"term":1', "request 33"]) {
    for (let at = whole.indexOf(text); at >= 0; at = whole.indexOf(text, at + 1)) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at + 1) ^ 1, at + 1);
      writeFileSync(path, damaged);
      const opened = sqliteJournalStore(directory).open("one");
      if (opened.ok) {
        // Entries before the snapshot are not read at opening; `gridward doctor` reads them.
        opened.value.journal.close();
        continue;
      }
      flips++;
      assert.match(opened.error.code, /^journal\.(unreadable|chain-broken|digest-mismatch)$/);
    }
  }
  assert.ok(flips > 10, String(flips));
  writeFileSync(path, whole);
  mustOpen(sqliteJournalStore(directory)).journal.close();
});

test("[J21] a file that is no SQLite file, and one that is not ours, are told apart", (t) => {
  const directory = aFilledDirectory(t);
  const path = journalPath(directory, "one");
  writeFileSync(path, "This is not a database. ".repeat(1000));
  assert.match(faultOf(directory), /journal\.unreadable: .*not a database/);
  removePath(path);
  new DatabaseSync(path).exec("CREATE TABLE people (name TEXT); PRAGMA user_version = 1");
  assert.match(faultOf(directory), /journal\.unreadable: this file is not a journal/);
  removePath(path);
  assert.match(faultOf(directory), /journal\.unreadable: there is no file/);
});

test("[J22] another incarnation's file and a later version are refused by name", (t) => {
  const directory = aFilledDirectory(t);
  const path = journalPath(directory, "one");
  const store = sqliteJournalStore(directory);
  store.create("two").journal.close();
  copyFileSync(path, journalPath(directory, "two"));
  assert.match(faultOf(directory, "two"), /journal\.wrong-incarnation: the file says one/);
  new DatabaseSync(path).exec("PRAGMA user_version = 9");
  assert.match(
    faultOf(directory),
    /journal\.unsupported: a newer version wrote it \(format 9; version .* reads 1\)/,
  );
});

test("[J23] the journal's files are their owner's only", (t) => {
  const directory = aDirectory(t);
  const { journal } = sqliteJournalStore(directory).create("one");
  const path = journalPath(directory, "one");
  for (const file of [path, walOf(directory)]) assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  journal.close();
});

test("[J24] beyond the number kept, entries older than the snapshot go, and the rest verifies", (t) => {
  const directory = aDirectory(t);
  const store = sqliteJournalStore(directory, { entriesKept: 12 });
  const { journal } = store.create("one");
  const entries = someEntries(40);
  journal.append(entries, 40);
  for (const [upTo, first] of [
    [20, 21],
    [40, 29],
  ] as const) {
    const { state, position, digest } = versionAfter(entries.slice(0, upTo));
    journal.saveSnapshot(state, position, digest);
    assert.equal(journal.first(), first);
  }
  assert.equal(journal.hashAt(28), undefined);
  assert.deepEqual(journal.read(1, 2), entries.slice(28, 30));
  journal.close();
  const { state, digest, journal: again } = mustOpen(store);
  const expected = plain(versionAfter(entries));
  assert.deepEqual(plain({ position: again.head(), state, digest }), expected);
  again.close();
});

test("[J17] a row is kept in the form in which it comes, and in another than the digested one refused", (t) => {
  const store = sqliteJournalStore(aDirectory(t));
  const { state, position, digest } = versionAfter(someEntries(30));
  const rows = rowsOf(state).map((row) => ({ ...row, text: canonical(row.row) }));
  for (const [name, form, isTaken] of [
    ["same", (text: string): string => text, true],
    ["other", (text: string): string => text.replace(":", ": "), false],
  ] as const) {
    const builder = store.build(name);
    builder.rows(rows.map((row) => ({ ...row, text: form(row.text) })));
    const built = builder.finish(position, digest);
    assert.equal(built.ok ? "" : built.error.code, isTaken ? "" : "journal.digest-mismatch");
    if (built.ok) built.value.journal.close();
  }
});

test("[J25] a copy taken at any step of building has the old generation, and the new whole or not", (t) => {
  const directory = aFilledDirectory(t);
  const store = sqliteJournalStore(directory);
  const { state, position, digest } = versionAfter(someEntries(30));
  const rows = rowsOf(state);
  const builder = store.build("two");
  const isWholeAfter: boolean[] = [];
  const look = (): void => {
    const copy = aDirectory(t);
    cpSync(directory, copy, { recursive: true });
    mustOpen(sqliteJournalStore(copy)).journal.close();
    const opened = sqliteJournalStore(copy).open("two");
    isWholeAfter.push(opened.ok);
    if (opened.ok) {
      assert.equal(opened.value.digest, digest);
      opened.value.journal.close();
    }
  };
  look();
  for (let start = 0; start < rows.length; start += 10) {
    builder.rows(rows.slice(start, start + 10));
    look();
  }
  const built = builder.finish(position, digest);
  assert.ok(built.ok);
  look();
  built.value.journal.close();
  assert.equal(isWholeAfter.lastIndexOf(false), isWholeAfter.length - 2);
  store.keepOnly("two");
  assert.ok(!existsSync(dirname(journalPath(directory, "one"))));
});

test("[J26] after an error of the disk that is not a full one nothing is tried again", (t) => {
  let database: DatabaseSync | undefined;
  const openFile = (path: string): DatabaseSync => {
    database = openJournalFile(path);
    return database;
  };
  const { journal } = sqliteJournalStore(aDirectory(t), { openFile }).create("one");
  const entries = someEntries(2);
  database?.exec("PRAGMA query_only = ON");
  assert.throws(() => journal.append(entries, 0), /readonly/);
  database?.exec("PRAGMA query_only = OFF");
  assert.throws(() => journal.append(entries, 0), /whose disk failed/);
  journal.close();
});

function aDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "gridward-journal-"));
  t.after(() => removePath(directory));
  return directory;
}

/** Forty entries with a snapshot at thirty, closed. */
function aFilledDirectory(t: TestContext): string {
  const directory = aDirectory(t);
  const { journal } = sqliteJournalStore(directory).create("one");
  const entries = someEntries(40);
  journal.append(entries, 40);
  const { state, position, digest } = versionAfter(entries.slice(0, 30));
  journal.saveSnapshot(state, position, digest);
  journal.close();
  return directory;
}

function walOf(directory: string): string {
  return `${journalPath(directory, "one")}-wal`;
}

function faultOf(directory: string, incarnation = "one"): string {
  const opened = sqliteJournalStore(directory).open(incarnation);
  return opened.ok ? "" : `${opened.error.code}: ${opened.error.detail}`;
}

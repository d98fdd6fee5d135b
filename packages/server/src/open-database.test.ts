import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { encodeHex, utf8 } from "@gridward/core/base/bytes";
import { canonical } from "@gridward/core/base/canonical";
import { nodeId, systemId } from "@gridward/core/base/identity";
import { blankControl, type ControlRecord } from "@gridward/core/domain/control-record";
import { refusalSpec } from "@gridward/core/domain/refusal";
import { ControlStore } from "@gridward/runtime/journal/control-store";
import { anEntry } from "@gridward/runtime/journal/fixtures";
import { sqliteJournalStore } from "@gridward/runtime/journal/sqlite-store";
import { systemClock } from "@gridward/runtime/os/clock";
import { removePath } from "@gridward/runtime/os/files";
import { sha256 } from "@gridward/runtime/os/hash";
import { openDatabase } from "./open-database.ts";
import { whatWasFound } from "./pair/open-pair.ts";

const self = nodeId("A");

/** A server whose newer slot, the one that named the database, is damaged. */
function aLostName(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "gridward-database-"));
  t.after(() => removePath(directory));
  const record = blankControl(self, systemId("ours"));
  sqliteJournalStore(directory).create("first").journal.close();
  ControlStore.create(directory, record).write({ ...record, incarnation: "first" });
  writeFileSync(join(directory, "control.b"), "what a dying disk left");
  return directory;
}

function found(directory: string) {
  const opened = openDatabase(directory, self);
  assert.ok(opened.ok);
  return opened.value;
}

/** What any write of the record does: there is no damaged slot any more. */
function rewrite(directory: string, changes: Partial<ControlRecord>): void {
  const { control, record } = found(directory);
  control.write({ ...record, ...changes });
  assert.equal(found(directory).isDoubtful, false);
}

test("[R17][HS11] a database whose name was lost stays one, however often the record is written", (t) => {
  const directory = aLostName(t);
  const { fault, isDoubtful, opened } = found(directory);
  assert.deepEqual([fault?.code, isDoubtful, opened], ["journal.unreadable", true, null]);
  rewrite(directory, { lostName: true, term: 2 });
  assert.equal(found(directory).fault?.code, "journal.unreadable");
  rewrite(directory, { lostName: true, term: 3 });
  assert.equal(found(directory).fault?.code, "journal.unreadable");
});

test("[C3][HS11] what a newer version wrote is told as such, and nobody is sent to give it up", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-database-"));
  t.after(() => removePath(directory));
  ControlStore.create(directory, blankControl(self, systemId("ours")));
  const record = { ...blankControl(self, systemId("ours")), version: 2, more: true };
  const checksum = encodeHex(sha256(utf8(`9 ${canonical(record)}`)));
  writeFileSync(join(directory, "control.b"), JSON.stringify({ generation: 9, record, checksum }));
  const opened = openDatabase(directory, self);
  assert.ok(!opened.ok);
  assert.equal(opened.error.code, "control.unsupported");
  assert.match(opened.error.detail, /a newer version wrote it \(format 2; version .* reads 1\)$/);
  assert.match(refusalSpec(opened.error.code).remedy ?? "", /^Start the version that wrote it/);
});

test("[R17] what nobody may have named is no database", (t) => {
  const directory = aLostName(t);
  rewrite(directory, { lostName: false });
  assert.equal(found(directory).fault, null);
});

test("[R17][HS11] what a Standby's record that lost a slot names as written last may have been cut since", (t) => {
  const first = anEntry(undefined);
  const [kept, cut] = [anEntry(first), anEntry(first, { kind: "another" })];
  const faultOf = (owner: string, isDamaged: boolean) => {
    const directory = mkdtempSync(join(tmpdir(), "gridward-database-"));
    t.after(() => removePath(directory));
    const { journal } = sqliteJournalStore(directory).create("first");
    journal.append([first, kept], 2);
    journal.close();
    const blank = { ...blankControl(self, systemId("ours")), owner: nodeId(owner) };
    const { term, start, seq, hash } = cut;
    const record = { ...blank, incarnation: "first", highest: { term, start, seq, hash } };
    ControlStore.create(directory, record).write(record);
    if (isDamaged) writeFileSync(join(directory, "control.b"), "what a dying disk left");
    const database = found(directory);
    const { fault, isDoubtful, opened } = database;
    assert.deepEqual([isDoubtful, opened === null], [isDamaged, fault !== null]);
    // The rules of the pair hear of it, with a database or without.
    const told = whatWasFound({ found: database, self, clock: systemClock(), suspectAfter: 1 });
    opened?.journal.close();
    assert.deepEqual([told.isDoubtful, told.fault?.code], [isDamaged, fault?.code]);
    return fault?.code ?? "";
  };
  assert.equal(faultOf("B", true), "");
  assert.equal(faultOf("B", false), "journal.older-than-control");
  assert.equal(faultOf("A", true), "journal.older-than-control", "no Main cuts");
});

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
import { sqliteJournalStore } from "@gridward/runtime/journal/sqlite-store";
import { removePath } from "@gridward/runtime/os/files";
import { sha256 } from "@gridward/runtime/os/hash";
import { openDatabase } from "./open-database.ts";

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

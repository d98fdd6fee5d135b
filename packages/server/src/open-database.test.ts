import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { nodeId, systemId } from "@gridward/core/base/identity";
import { blankControl, type ControlRecord } from "@gridward/core/domain/control-record";
import { ControlStore } from "@gridward/runtime/journal/control-store";
import { sqliteJournalStore } from "@gridward/runtime/journal/sqlite-store";
import { removePath } from "@gridward/runtime/os/files";
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

test("[R17] what nobody may have named is no database", (t) => {
  const directory = aLostName(t);
  rewrite(directory, { lostName: false });
  assert.equal(found(directory).fault, null);
});

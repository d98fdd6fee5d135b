import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { encodeHex, utf8 } from "@gridward/core/base/bytes";
import { canonical } from "@gridward/core/base/canonical";
import { nodeId, systemId } from "@gridward/core/base/identity";
import { blankControl, type ControlRecord } from "@gridward/core/domain/control-record";
import { origin, type Position } from "@gridward/core/domain/entry";
import { removePath } from "../os/files.ts";
import { sha256 } from "../os/hash.ts";
import { findControlFault } from "./control-check.ts";
import { ControlStore, tellControlVersion } from "./control-store.ts";
import { anEntry, someEntries } from "./fixtures.ts";
import { mustOpen } from "./journal.contract.ts";
import { memoryJournalStore } from "./memory-journal.ts";

test("[C1] the record written last is read, however many were written before", (t) => {
  const directory = aDirectory(t);
  assert.deepEqual(ControlStore.open(directory), { ok: false, error: "absent" });
  const store = ControlStore.create(directory, aRecord(0));
  assert.deepEqual(mustRead(directory), aRecord(0));
  for (let term = 1; term < 6; term++) {
    store.write(aRecord(term));
    assert.deepEqual(mustRead(directory), aRecord(term));
    assert.deepEqual(store.record, { ...aRecord(term), age: null });
  }
  const reopened = ControlStore.open(directory);
  assert.ok(reopened.ok);
  reopened.value.store.write(aRecord(6));
  assert.deepEqual(mustRead(directory), aRecord(6));
  assert.equal(statSync(join(directory, "control.a")).mode & 0o777, 0o600);
});

test("[C2] a slot torn at any length leaves the record before it, and is written over next", (t) => {
  const directory = aDirectory(t);
  const store = ControlStore.create(directory, aRecord(1));
  store.write(aRecord(2)); // In control.b.
  const slot = join(directory, "control.b");
  const { length } = readFileSync(slot);
  for (let kept = 0; kept < length; kept += 7) {
    truncateSync(slot, kept);
    assert.deepEqual(mustRead(directory), aRecord(1));
  }
  const opened = ControlStore.open(directory);
  assert.ok(opened.ok);
  assert.equal(opened.value.damaged, "control.b");
  opened.value.store.write(aRecord(3));
  const again = ControlStore.open(directory);
  assert.ok(again.ok);
  assert.deepEqual([again.value.record.term, again.value.damaged], [3, null]);
});

test("[C2] no flipped bit passes for a record", (t) => {
  const directory = aDirectory(t);
  ControlStore.create(directory, aRecord(1)).write(aRecord(2));
  const slot = join(directory, "control.b");
  const whole = readFileSync(slot);
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 2, at);
    writeFileSync(slot, damaged);
    assert.deepEqual(mustRead(directory), aRecord(1), `byte ${at}`);
  }
});

test("[C3] two broken slots, and a whole one of another version, are refused", (t) => {
  const directory = aDirectory(t);
  ControlStore.create(directory, aRecord(1)).write(aRecord(2));
  const later = { ...aRecord(3), version: 2 };
  const checksum = encodeHex(sha256(utf8(`9 ${canonical(later)}`)));
  const text = JSON.stringify({ generation: 9, record: later, checksum });
  writeFileSync(join(directory, "control.a"), text);
  assert.deepEqual(ControlStore.open(directory), { ok: false, error: "unsupported" });
  assert.match(
    tellControlVersion(directory),
    /^a newer version wrote it \(format 2; version .* reads 1\)$/,
  );
  writeFileSync(join(directory, "control.a"), "");
  writeFileSync(join(directory, "control.b"), "{}".repeat(100_000));
  assert.deepEqual(ControlStore.open(directory), { ok: false, error: "damaged" });
});

test("[C4] the highest position is kept after a thousand entries or a second, not before", (t) => {
  const directory = aDirectory(t);
  const store = ControlStore.create(directory, aRecord(1));
  const keptAfter = (seq: number, at: number): number => {
    store.noteHighest({ ...origin, seq, hash: seq.toString(16).padStart(64, "0") }, at);
    return mustRead(directory).highest.seq;
  };
  assert.equal(keptAfter(1, 5_000), 1);
  assert.equal(keptAfter(2, 5_999), 1);
  assert.equal(keptAfter(1_000, 5_999), 1);
  assert.equal(keptAfter(1_001, 5_999), 1_001);
  assert.equal(keptAfter(1_002, 6_998), 1_001);
  assert.equal(keptAfter(1_002, 6_999), 1_002);
});

test("[C5] a database older than the record, of another history or system, is refused", () => {
  const entries = someEntries(20);
  let isDoubtful = false;
  const faultOf = (length: number, changes: Partial<ControlRecord>): string => {
    const store = memoryJournalStore();
    store.create("one").journal.append(entries.slice(0, length), length);
    const control = { ...aRecord(1), ...changes };
    const fault = findControlFault(control, mustOpen(store), isDoubtful);
    return fault === undefined ? "none" : `${fault.code}: ${fault.detail}`;
  };
  const highest = positionAt(10);
  assert.equal(faultOf(10, { highest }), "none");
  assert.equal(faultOf(20, { highest }), "none");
  assert.match(
    faultOf(9, { highest }),
    /older-than-control: it ends at change 9 .* up to change 10/,
  );
  const other: Position = anEntry(entries[8], { kind: "another" });
  assert.match(faultOf(20, { highest: other }), /older-than-control: change 10 is not the one/);
  isDoubtful = true;
  assert.equal(faultOf(20, { highest: other, owner: null }), "none", "it was cut since");
  const own = { highest: other, owner: aRecord(1).nodeId };
  assert.match(faultOf(20, own), /change 10 is not the one/, "no Main cuts");
  assert.match(faultOf(9, { highest, owner: null }), /it ends at change 9/);
  assert.match(
    faultOf(20, { systemId: systemId("b") }),
    /wrong-incarnation: .* system system, .* b/,
  );
});

test("[C6] the age of the accounts goes with every record, and one without it is read", (t) => {
  const directory = aDirectory(t);
  const store = ControlStore.create(directory, aRecord(1));
  assert.equal(store.record.age, null);
  const mark = { age: 7, latest: 9, uptime: { boot: "one", millis: 3 } };
  store.carryAge(() => mark);
  store.write(aRecord(2));
  store.noteHighest({ ...origin, seq: 5_000, hash: "1".repeat(64) }, 1);
  const reopened = ControlStore.open(directory);
  assert.ok(reopened.ok);
  assert.deepEqual(reopened.value.record.age, mark);
  reopened.value.store.write(aRecord(3));
  assert.deepEqual(reopened.value.store.record.age, mark, "kept until there is a newer one");
  const { age: _, ...before } = store.record;
  const checksum = encodeHex(sha256(utf8(`9 ${canonical(before)}`)));
  const text = JSON.stringify({ generation: 9, record: before, checksum });
  writeFileSync(join(directory, "control.a"), text);
  const old = ControlStore.open(directory);
  assert.ok(old.ok);
  assert.equal(old.value.record.age, null);
});

function positionAt(seq: number): Position {
  const entry = someEntries(seq).at(-1);
  assert.ok(entry);
  return entry;
}

function aRecord(term: number): ControlRecord {
  return {
    ...blankControl(nodeId("A"), systemId("system")),
    incarnation: "one",
    term,
    owner: nodeId("A"),
    start: 1,
    highest: origin,
    ackSet: [nodeId("A"), nodeId("B")],
    certificate: {
      incarnation: "one",
      position: origin,
      digest: "0".repeat(64),
      complete: true,
      certifiedBy: nodeId("A"),
      at: 1,
    },
  };
}

function mustRead(directory: string): ControlRecord {
  const opened = ControlStore.open(directory);
  assert.ok(opened.ok, opened.ok ? "" : opened.error);
  const { age, ...record } = opened.value.record;
  assert.equal(age, null);
  return record;
}

function aDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "gridward-control-"));
  t.after(() => removePath(directory));
  return directory;
}

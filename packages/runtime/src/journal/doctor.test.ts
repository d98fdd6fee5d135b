import assert from "node:assert/strict";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { nodeId, systemId } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import { blankControl, type ControlRecord } from "@gridward/core/domain/control-record";
import type { Entry } from "@gridward/core/domain/entry";
import { lockDirectory } from "../os/directory-lock.ts";
import { makeDirectory, removePath } from "../os/files.ts";
import { freshSystemKey, saveSystemKey, sealText } from "../os/seal.ts";
import { ControlStore } from "./control-store.ts";
import { examine, type DoctorReport, type SealedSecret } from "./doctor.ts";
import { someEntries } from "./fixtures.ts";
import { versionAfter } from "./journal.contract.ts";
import { journalPath, sqliteJournalStore } from "./sqlite-store.ts";

const key = freshSystemKey();
const secret: SealedSecret = {
  what: "The password of anna",
  purpose: "password",
  text: sealText(key, "password", new Secret("phc")),
};

test("[D1] a sound directory passes every check, also after a crash", (t) => {
  const directory = aDirectory(t);
  const report = look(directory);
  assert.deepEqual(
    report.findings.map(({ id, ok }) => [id, ok]),
    [
      "server",
      "permissions",
      "control",
      "generation",
      "journal-file",
      "journal-chain",
      "journal-state",
      "control-agrees",
      "secrets",
    ].map((id) => [id, true]),
  );
  assert.ok(report.ok);
  const crashed = aDirectory(t, { isClosed: false });
  assert.match(saysOf(look(crashed), "journal-chain"), /^40 changes from 1 on/);
});

test("[D1] a directory that never ran, and a blank one, are sound", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-doctor-"));
  t.after(() => removePath(directory));
  assert.match(saysOf(look(directory), "control"), /never run/);
  ControlStore.create(directory, { ...aRecord(), incarnation: null });
  const report = look(directory);
  assert.match(saysOf(report, "generation"), /blank/);
  assert.ok(report.ok);
});

const damages: readonly (readonly [string, RegExp, (directory: string) => void])[] = [
  ["permissions", /Others than the owner may read .*journal.db/, openJournalToAll],
  ["control", /Neither slot/, breakBothSlots],
  ["generation", /generation one is missing/, (directory) => removePath(generation(directory))],
  ["journal-file", /malformed|not a database/, cutJournal],
  [
    "journal-file",
    /a newer version wrote it/,
    (directory) => sql(directory, "PRAGMA user_version = 9"),
  ],
  ["journal-chain", /at 5, rule J3/, (directory) => changeEntry(directory, 5)],
  ["journal-chain", /at 36, rule J3/, (directory) => changeEntry(directory, 36)],
  [
    "journal-chain",
    /at 8, rule J1/,
    (directory) => sql(directory, "DELETE FROM entries WHERE seq = 7"),
  ],
  ["journal-state", /does not have its digest/, changeRow],
  [
    "control-agrees",
    /change 39 .* up to change 40/,
    (directory) => sql(directory, "DELETE FROM entries WHERE seq = 40"),
  ],
  ["secrets", /anna does not open: sealed with another key/, exchangeKey],
  [
    "secrets",
    /system key is not readable: absent/,
    (directory) => removePath(join(directory, "keys")),
  ],
];

for (const [id, says, damage] of damages) {
  test(`[D2] found under "${id}", with a remedy and without a change: ${says.source}`, (t) => {
    const directory = aDirectory(t);
    damage(directory);
    const before = contentOf(directory);
    const report = look(directory);
    assert.deepEqual(contentOf(directory), before);
    assert.ok(!report.ok);
    const bad = report.findings.filter(({ ok }) => !ok);
    assert.deepEqual(
      bad.map((finding) => finding.id),
      [id],
    );
    assert.match(bad[0]?.says ?? "", says);
    assert.ok((bad[0]?.remedy?.length ?? 0) > 10);
  });
}

test("[D2] a journal left by a crash is examined in a copy", (t) => {
  const directory = aDirectory(t, { isClosed: false });
  const before = contentOf(directory);
  assert.ok(look(directory).ok);
  assert.deepEqual(contentOf(directory), before);
});

test("[D3] a directory in use is examined, and its server goes on writing", (t) => {
  const directory = aDirectory(t);
  const lock = lockDirectory(directory);
  assert.ok(lock.ok);
  const opened = sqliteJournalStore(directory).open("one");
  assert.ok(opened.ok);
  opened.value.journal.append(someEntries(42).slice(40), 42);
  const report = look(directory);
  assert.ok(report.ok);
  assert.match(saysOf(report, "server"), new RegExp(`process ${process.pid}`));
  assert.match(saysOf(report, "journal-chain"), /^42 changes/);
  opened.value.journal.append(someEntries(43).slice(42), 43);
  opened.value.journal.close();
  lock.value.release();
});

function look(directory: string): DoctorReport {
  const systemKeyPath = join(directory, "keys", "system.key");
  return examine({ directory, systemKeyPath, secretsOf: () => [secret] });
}

function saysOf({ findings }: DoctorReport, id: string): string {
  return findings.find((finding) => finding.id === id)?.says ?? "";
}

/** Forty changes with a snapshot after the thirtieth. */
function aDirectory(t: TestContext, { isClosed } = { isClosed: true }): string {
  const made = mkdtempSync(join(tmpdir(), "gridward-doctor-"));
  t.after(() => removePath(made));
  const { journal } = sqliteJournalStore(made).create("one");
  const entries = someEntries(40);
  journal.append(entries, 40);
  const { state, position, digest } = versionAfter(entries.slice(0, 30));
  journal.saveSnapshot(state, position, digest);
  const highest = entries.at(-1);
  assert.ok(highest);
  const store = ControlStore.create(made, aRecord());
  store.write({ ...aRecord(), highest: positionOf(highest) });
  makeDirectory(join(made, "keys"));
  saveSystemKey(join(made, "keys", "system.key"), key);
  // Left open, the write-ahead log is what a crash leaves behind.
  if (isClosed) journal.close();
  else t.after(() => journal.close());
  return made;
}

function positionOf({ term, start, seq, hash }: Entry): ControlRecord["highest"] {
  return { term, start, seq, hash };
}

function aRecord(): ControlRecord {
  return {
    ...blankControl(nodeId("A"), systemId("system")),
    incarnation: "one",
    term: 1,
    owner: nodeId("A"),
    start: 1,
    highest: { term: 0, start: 0, seq: 0, hash: "0".repeat(64) },
    ackSet: [nodeId("A")],
    certificate: null,
  };
}

function generation(directory: string): string {
  return join(directory, "generations", "one");
}

function sql(directory: string, statements: string): void {
  const database = new DatabaseSync(journalPath(directory, "one"));
  database.exec(statements);
  database.close();
}

function changeEntry(directory: string, seq: number): void {
  const body = `json_set(body, '$.actor.name', 'mallory')`;
  sql(directory, `UPDATE entries SET body = ${body} WHERE seq = ${seq}`);
}

function changeRow(directory: string): void {
  const body = `replace(body, '"role":1', '"role":4')`;
  sql(directory, `UPDATE rows SET body = ${body} WHERE kind = 'accounts'`);
}

function cutJournal(directory: string): void {
  const path = journalPath(directory, "one");
  writeFileSync(path, readFileSync(path).subarray(0, 9_000));
}

function openJournalToAll(directory: string): void {
  chmodSync(journalPath(directory, "one"), 0o644);
}

function breakBothSlots(directory: string): void {
  for (const slot of ["control.a", "control.b"]) writeFileSync(join(directory, slot), "{");
}

function exchangeKey(directory: string): void {
  saveSystemKey(join(directory, "keys", "system.key"), freshSystemKey());
}

/** Every name with content and time of change. */
function contentOf(directory: string): unknown {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .toSorted((left, right) => (left < right ? -1 : 1))
    .map((name) => {
      const path = join(directory, name);
      const { mode, mtimeMs } = statSync(path);
      return [name, mode, mtimeMs, statSync(path).isFile() ? readFileSync(path, "hex") : ""];
    });
}

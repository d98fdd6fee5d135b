import assert from "node:assert/strict";
import { existsSync, mkdtempSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { nodeId, systemId } from "@gridward/core/base/identity";
import { blankControl } from "@gridward/core/domain/control-record";
import { positionOf } from "@gridward/runtime/journal/journal-rules";
import { describe } from "@gridward/core/domain/pair/describe";
import { force, noon, play, promote, refusalOf } from "@gridward/core/domain/pair/fixtures";
import { startPair } from "@gridward/core/domain/pair/start";
import { ControlStore } from "@gridward/runtime/journal/control-store";
import { anEntry, someEntries } from "@gridward/runtime/journal/fixtures";
import { journalPath, sqliteJournalStore } from "@gridward/runtime/journal/sqlite-store";
import { systemClock } from "@gridward/runtime/os/clock";
import { removePath } from "@gridward/runtime/os/files";
import { initServer } from "@gridward/runtime/trust/server-directory";
import { aSystem } from "./a-system.ts";
import { KnownServers } from "./known-servers.ts";
import { openDatabase } from "./open-database.ts";
import { whatWasFound } from "./pair/open-pair.ts";
import { nextSteps } from "./pair/next-steps.ts";
import { resync } from "./resync/resync.ts";

const count = 8;

/** The directory of a Standby with eight changes, and its journal's file. */
function aStandby(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "gridward-invalid-"));
  t.after(() => removePath(directory));
  const ports = { https: 0, link: 0, ldaps: 0 };
  const made = initServer(directory, { name: "B", listen: "127.0.0.1", ports, now: noon });
  assert.ok(made.ok);
  const entries = someEntries(count);
  const [first] = entries;
  const last = entries.at(-1);
  assert.ok(first && last);
  const { journal } = sqliteJournalStore(directory).create("first");
  journal.append(entries, count);
  journal.close();
  const owner = nodeId("A");
  const blank = blankControl(made.value.node, systemId("system"));
  const highest = positionOf(last);
  const record = { ...blank, owner, term: 1, start: 1, incarnation: "first", highest };
  const control = ControlStore.create(directory, record);
  const [main] = [...aSystem(noon).front.state().tables.servers.values()];
  assert.ok(main);
  new KnownServers(directory).keep([{ ...main, id: owner, name: "A" }]);
  return {
    directory,
    node: made.value.node,
    record,
    control,
    last,
    file: journalPath(directory, "first"),
  };
}

type Standby = ReturnType<typeof aStandby>;

function inFile({ file }: Standby, sql: string, ...values: readonly string[]): void {
  const database = new DatabaseSync(file);
  database.prepare(sql).run(...values);
  database.close();
}

/** Each made by hand on the files, as a disk, a person or another version would leave them. */
const causes: Readonly<Record<string, (standby: Standby) => void>> = {
  "journal.chain-broken": (standby) => {
    const body = "replace(body, 'made-for-a-test', 'made-by-a-thief')";
    inFile(standby, `UPDATE entries SET body = ${body} WHERE seq = ${count - 2}`);
  },
  "journal.digest-mismatch": ({ directory, last }) => {
    const opened = sqliteJournalStore(directory).open("first");
    assert.ok(opened.ok);
    const digest = "0".repeat(64);
    const facts = [{ kind: "state-digested", seq: last.seq, digest } as const];
    opened.value.journal.append([anEntry(last, { kind: "digest-state", facts })], count + 1);
    opened.value.journal.close();
  },
  "journal.older-than-control": (standby) => {
    inFile(standby, `DELETE FROM entries WHERE seq > ${count - 3}`);
  },
  "journal.unsupported": (standby) => {
    inFile(standby, "PRAGMA user_version = 9");
  },
  "journal.unreadable": ({ file }) => truncateSync(file, 5_000),
  "journal.wrong-incarnation": (standby) => {
    inFile(standby, "UPDATE generation SET incarnation = ?", "another");
  },
};

for (const [code, damage] of Object.entries(causes)) {
  test(`[IV1][HS11] ${code}: a state with its reason and a remedy, never Main, and a way back`, (t) => {
    const standby = aStandby(t);
    const { directory, node } = standby;
    damage(standby);
    const found = openDatabase(directory, node);
    assert.ok(found.ok);
    assert.deepEqual([found.value.fault?.code, found.value.opened], [code, null]);
    const clock = systemClock();
    const here = { found: found.value, self: node, clock, suspectAfter: 6_000 };
    const { state } = startPair(whatWasFound(here));
    const told = describe(state, clock.monotonic(), null);
    assert.deepEqual(
      [told.state, told.duty, told.icon.colour],
      ["invalid-database", "none", "magenta"],
    );
    assert.equal(told.cause?.code, code);
    assert.match(told.cause?.text ?? "", /^The database cannot be used: .+\.$/);
    for (const order of [promote, force]) {
      const { actions } = play({ state, actions: [] }, [order], 3_600_000);
      assert.equal(refusalOf(actions), "pair.database-invalid");
    }
    const remedy = nextSteps(state, 3_600_000, directory) ?? told.remedy ?? "";
    const done = resync(directory, noon);
    if (code === "journal.unsupported") {
      assert.match(remedy, /^Stop this server and start the version of Gridward that wrote/);
      assert.equal(done.ok || done.error.code, code, "what is sound is not given up");
      return;
    }
    assert.ok(remedy.includes(`gridward pair resync --local ${directory}`), remedy);
    assert.ok(remedy.includes(`gridward backup restore FILE --into ${directory}`), remedy);
    assert.ok(done.ok, JSON.stringify(done));
    assert.ok(done.value.replaced !== null && existsSync(done.value.replaced), "it is kept");
    const after = openDatabase(directory, node);
    assert.ok(after.ok);
    assert.deepEqual([after.value.fault, after.value.record.incarnation], [null, null]);
  });
}

test("[IV1][HS11] without any damage the same directory has its database", (t) => {
  const { directory, node } = aStandby(t);
  const found = openDatabase(directory, node);
  assert.ok(found.ok);
  assert.deepEqual([found.value.fault, found.value.opened?.journal.head().seq], [null, count]);
  found.value.opened?.journal.close();
  assert.equal(resync(directory, noon).ok, false);
});

test("[IV1][HS20] a server that never ran is not sent to get anew what it never had", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-unused-"));
  t.after(() => removePath(directory));
  const ports = { https: 0, link: 0, ldaps: 0 };
  assert.ok(initServer(directory, { name: "B", listen: "127.0.0.1", ports, now: noon }).ok);
  const refused = resync(directory, noon);
  assert.equal(refused.ok || refused.error.code, "system.blank");
});

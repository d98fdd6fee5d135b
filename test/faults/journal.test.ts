import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import type { Api } from "../../scripts/demo/api.ts";
import { type DemoServer, initServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage, until } from "../../scripts/demo/stage.ts";
import {
  accountNames,
  addAccount,
  assertRefused,
  assertSaid,
  foundSystem,
  lookAt,
  promote,
  startRefused,
  waitForState,
} from "./servers.ts";

/** Databases that were damaged or swapped on the disk: recognised, said, and never repaired away. */

const stage = new Stage();
let a: DemoServer;
let api: Api;
const names = Array.from({ length: 12 }, (_, index) => `kept${index}`);

before(async () => {
  const other = await initServer(stage, "other");
  a = await initServer(stage, "A");
  await Promise.all([runServer(stage, a), runServer(stage, other)]);
  api = await foundSystem(stage, a);
  for (const name of names.slice(0, 6)) await addAccount(api, a, name);
  (await foundSystem(stage, other)).close();
  await Promise.all([stage.end("A", "SIGTERM"), stage.end("other", "SIGTERM")]);
  cpSync(join(a.directory, "generations"), stage.path("older"), { recursive: true });
  await runServer(stage, a);
  for (const name of names.slice(6)) await addAccount(api, a, name);
  await until("the control record knows of the last change", 5_000, async () => {
    const last = String(member(await lookAt(a), "position", "hash"));
    const slots = ["control.a", "control.b"].map((name) => stage.readText("A", name));
    return slots.some((slot) => slot.includes(last)) ? true : undefined;
  });
  // Like a power cut: entries are in the journal that no snapshot covers.
  await stage.end("A", "SIGKILL");
  settleWal(journalOf(a.directory));
});
after(async () => {
  api.close();
  await stage.clear();
});

/** The journal file of the one generation of a data directory. */
function journalOf(directory: string): string {
  const [generation] = readdirSync(join(directory, "generations"));
  assert.ok(generation !== undefined);
  return join(directory, "generations", generation, "journal.db");
}

/** Brings what is in the write-ahead file into the journal file itself. */
function settleWal(path: string): void {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

/** A copy of A to damage. Ports are the same: one runs at a time. */
function aCopy(name: string): DemoServer {
  const directory = stage.path(name);
  cpSync(a.directory, directory, { recursive: true });
  return { ...a, name, directory };
}

function flipBit(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(path, bytes);
}

/** What must not change: journal and control record, by their hashes. */
function originalOf({ directory }: DemoServer): readonly string[] {
  const files = [journalOf(directory), join(directory, "control.a"), join(directory, "control.b")];
  return files.map((file) => createHash("sha256").update(readFileSync(file)).digest("hex"));
}

/** Runs a damaged server, which must say what it has, refuse to be Main, and change nothing. */
async function expectInvalid(server: DemoServer, code: string): Promise<string> {
  const original = originalOf(server);
  await runServer(stage, server);
  try {
    const status = await waitForState(server, "invalid-database");
    assert.equal(member(status, "cause", "code"), code, JSON.stringify(status));
    assert.match(String(status["remedy"]), /gridward pair resync/);
    const answered = await promote(server, true);
    assert.equal(answered?.status, 422);
    assert.equal(member(answered.body, "error", "code"), "pair.database-invalid");
    return String(member(status, "cause", "text"));
  } finally {
    await stage.end(server.name, "SIGTERM");
    assert.deepEqual(originalOf(server), original, "nothing of it was changed");
  }
}

test("[HS11] a truncated journal is an invalid database that nothing makes Main", async () => {
  const server = aCopy("truncated");
  const path = journalOf(server.directory);
  truncateSync(path, Math.floor(statSync(path).size / 2));
  const original = originalOf(server);
  await runServer(stage, server);
  const shown = await stage.run("server", "status", server.directory);
  assert.equal(shown.exit, 0);
  assert.equal(member(shown.data, "state"), "invalid-database");
  assert.equal(member(shown.data, "cause", "code"), "journal.unreadable");
  const order = ["pair", "promote", "--local", server.directory, "--force", "--yes"];
  assertRefused(await stage.run(...order), 7, "pair.database-invalid");
  await stage.end(server.name, "SIGTERM");
  assert.deepEqual(originalOf(server), original, "nothing of it was changed");
});

test("[HS11] one bit of an entry is found, and the doctor names the first broken change", async () => {
  const server = aCopy("flipped");
  const path = journalOf(server.directory);
  // The name stands in the entry that made the account, and in no row of a snapshot yet.
  const at = readFileSync(path).indexOf(names[9] ?? "");
  assert.ok(at > 0);
  flipBit(path, at);
  const says = await expectInvalid(server, "journal.chain-broken");
  const [, change] = /at (\d+), rule J3/.exec(says) ?? [];
  assert.ok(change !== undefined, says);
  const examined = await stage.run("doctor", server.directory);
  assert.equal(examined.exit, 12, JSON.stringify(examined));
  assert.ok(JSON.stringify(examined).includes(`at ${change}, rule J3`), JSON.stringify(examined));
});

test("[HS11] a journal that is older than its control record is recognised", async () => {
  const server = aCopy("older-one");
  rmSync(join(server.directory, "generations"), { recursive: true });
  cpSync(stage.path("older"), join(server.directory, "generations"), { recursive: true });
  const says = await expectInvalid(server, "journal.older-than-control");
  assert.match(says, /ends at change \d+ .* had written up to change \d+/);
});

test("[HS11] the journal of another system is recognised, also under the right name", async () => {
  const server = aCopy("foreign");
  const path = journalOf(server.directory);
  const [incarnation] = readdirSync(join(server.directory, "generations"));
  cpSync(journalOf(stage.path("other")), path);
  assert.match(await expectInvalid(server, "journal.wrong-incarnation"), /the file says /);
  const database = new DatabaseSync(path);
  database.prepare("UPDATE generation SET incarnation = ?").run(incarnation ?? "");
  database.close();
  assert.match(await expectInvalid(server, "journal.wrong-incarnation"), /is of system /);
});

test("[HS11] one damaged slot of the control record heals; two stop the start", async () => {
  const server = aCopy("slots");
  const slots = ["control.a", "control.b"].map((name) => join(server.directory, name));
  for (const slot of slots) {
    flipBit(slot, 40);
    await runServer(stage, server);
    await waitForState(server, "lone");
    await stage.end(server.name, "SIGTERM");
  }
  for (const slot of slots) flipBit(slot, 40);
  const original = originalOf(server);
  assertSaid(await startRefused(server.directory), 1, "control.unreadable", /damaged/);
  assertRefused(await stage.run("server", "status", server.directory), 1, "control.unreadable");
  for (const slot of slots) rmSync(slot);
  assertSaid(await startRefused(server.directory), 1, "control.unreadable", /absent/);
  for (const slot of slots) writeFileSync(slot, "");
  assert.equal(originalOf(server)[0], original[0]);
});

test("[HS11][HS8] the original that was copied still has everything", async () => {
  await runServer(stage, a);
  assert.equal((await lookAt(a))?.["state"], "lone");
  const kept = await accountNames(api, a);
  for (const name of names) assert.ok(kept.includes(name), name);
});

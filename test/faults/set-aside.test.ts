import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Answered, Api } from "../../scripts/demo/api.ts";
import { type DemoServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage, until } from "../../scripts/demo/stage.ts";
import {
  accountNames,
  addAccount,
  adminPassword,
  assertRefused,
  foundSystem,
  initServer,
  joinTo,
  lookAt,
  promote,
  setNumber,
  waitForState,
  waitUntil,
} from "./servers.ts";

/** A Main that acknowledged changes alone, died, and comes back to a system that went on without. */

const stage = new Stage();
let a: DemoServer;
let b: DemoServer;
let api: Api;

before(async () => {
  [a, b] = [await initServer(stage, "A"), await initServer(stage, "B")];
  await Promise.all([runServer(stage, a), runServer(stage, b)]);
  api = await foundSystem(stage, a);
  await joinTo(api, a, b);
  await waitForState(b, "standby-valid");
  await waitForState(a, "main-protected");
});
after(async () => {
  api.close();
  await stage.clear();
});

async function done(answered: Promise<Answered | null>): Promise<void> {
  const outcome = await answered;
  assert.equal(outcome?.status, 200, JSON.stringify(outcome));
}

interface Listed {
  readonly id: string;
  readonly what: string;
  readonly lowers: unknown;
  readonly told: unknown;
  readonly verdict: unknown;
}

async function listed(server: DemoServer): Promise<readonly Listed[]> {
  const page = await api.call(server.url, { method: "GET", path: "/v1/pair/set-aside" });
  const rows = member(page?.body, "data", "rows");
  assert.ok(Array.isArray(rows), JSON.stringify(page));
  return rows.map((row) => ({
    id: String(member(row, "id")),
    what: String(member(row, "what")),
    lowers: member(row, "lowers_security"),
    told: member(row, "told"),
    verdict: member(row, "judged", "verdict"),
  }));
}

async function judge(id: string, verb: "reapply" | "reject", reason: string): Promise<Answered> {
  const path = `/v1/pair/set-aside/${id}/${verb}`;
  const answered = await api.call(b.url, { method: "POST", path, body: { reason } });
  assert.ok(answered !== null);
  return answered;
}

async function alarmOn(server: DemoServer): Promise<string | undefined> {
  const alarms = (await lookAt(server))?.["alarms"];
  assert.ok(Array.isArray(alarms));
  const found: unknown = alarms.find((alarm) => member(alarm, "code") === "pair.set-aside");
  return found === undefined ? undefined : String(member(found, "text"));
}

function tails(server: DemoServer): readonly string[] {
  return readdirSync(join(server.directory, "divergent"));
}

test("[HS9] what A acknowledged alone is set aside when it returns, and A is Standby by itself", async () => {
  await done(addAccount(api, a, "karl"));
  await stage.end("B", "SIGKILL");
  await done(addAccount(api, a, "alone"));
  const disable = { method: "POST", path: "/v1/accounts/karl/disable" } as const;
  await done(api.call(a.url, disable));
  await done(addAccount(api, a, "unwanted"));
  await stage.end("A", "SIGKILL");
  await runServer(stage, b);
  await waitForState(b, "standby-connecting");
  assert.equal((await promote(b, true))?.status, 200);
  await done(addAccount(api, b, "since"));
  setNumber(b, "first_pass_rate", 2_000);
  await stage.end("B", "SIGTERM");
  await runServer(stage, b);
  await runServer(stage, a);
  // Between the file and the copy that takes the place of its database.
  await waitUntil(a, "copies", ({ state }) => state === "standby-synchronising");
  const files = tails(a);
  assert.equal(files.length, 1, files.join());
  await stage.end("A", "SIGKILL");
  setNumber(b, "first_pass_rate", 0);
  await stage.end("B", "SIGTERM");
  await runServer(stage, b);
  await runServer(stage, a);
  await waitForState(a, "standby-valid");
  await waitForState(b, "main-protected");
  assert.deepEqual(tails(a), files, "the file that was written first stays");
  const names = await accountNames(api, a);
  assert.deepEqual(
    ["karl", "since", "alone", "unwanted"].map((name) => names.includes(name)),
    [true, true, false, false],
  );
});

test("[HS9] every server lists the lost changes, what lowers security first, and alarms", async () => {
  for (const server of [a, b]) {
    const rows = await until(`${server.name} lists them`, 20_000, async () => {
      const found = await listed(server);
      return found.length === 5 ? found : undefined;
    });
    assert.deepEqual(
      rows.map(({ what, lowers }) => [what, lowers]),
      [
        ["account disabled: karl", true],
        ["account created: alone", false],
        ["code issued: alone", false],
        ["account created: unwanted", false],
        ["code issued: unwanted", false],
      ],
    );
    assert.deepEqual(new Set(rows.map(({ told }) => told)), new Set(["acknowledged"]));
    const text = await alarmOn(server);
    assert.match(text ?? "", /^Security is lower: karl was disabled on A at .*5 changes made on A/);
  }
});

test("[HS9] each is re-applied as a new change or rejected with a reason, and the alarm ends", async () => {
  const [disabled, alone, code, unwanted, unusable] = await listed(b);
  assert.ok(disabled && alone && code && unwanted && unusable);
  for (const { id } of [disabled, alone, code]) {
    assert.equal((await judge(id, "reapply", "")).status, 200);
  }
  assert.equal((await judge(unusable.id, "reapply", "")).status, 404, "of an account that is not");
  const karl = await api.call(b.url, { method: "GET", path: "/v1/accounts/karl" });
  assert.equal(member(karl?.body, "data", "enabled"), false, JSON.stringify(karl));
  assert.match((await alarmOn(b)) ?? "", /^2 changes made on A are not in the system/);
  assert.equal((await judge(unwanted.id, "reject", "")).status, 422);
  for (const { id } of [unwanted, unusable]) {
    assert.equal((await judge(id, "reject", "made by mistake")).status, 200);
  }
  assert.equal((await judge(alone.id, "reapply", "")).status, 409, "judged once");
  for (const server of [a, b]) {
    await waitUntil(server, "without the alarm", (status) => {
      const alarms = JSON.stringify(status["alarms"]);
      return !alarms.includes("pair.set-aside");
    });
    const verdicts = (await listed(server)).map(({ verdict }) => verdict);
    assert.deepEqual(verdicts, ["re-applied", "re-applied", "re-applied", "rejected", "rejected"]);
    const names = await accountNames(api, server);
    assert.deepEqual([names.includes("alone"), names.includes("unwanted")], [true, false]);
  }
});

test("[HS9] the doctor proves the files, and the command line shows who judged what and why", async () => {
  const examined = await stage.run("doctor", a.directory);
  assert.equal(examined.exit, 0, JSON.stringify(examined));
  assert.match(JSON.stringify(examined.data), /1 set-aside files with \d+ changes are whole/);
  const ca = join(b.directory, "certificates", "authority.pem");
  const password = stage.secretFile("admin", adminPassword);
  await stage.must("login", "admin", "--server", b.url, "--ca", ca, "--password-file", password);
  const found = await stage.run("pair", "set-aside", "list", "--search", "unwanted");
  const rows: unknown = found.data;
  assert.ok(Array.isArray(rows), JSON.stringify(found));
  assert.equal(rows.length, 2);
  const id = String(member(rows[0], "id"));
  const shown = await stage.must("pair", "set-aside", "show", id.replace(/-[^-]*$/, ""));
  assert.deepEqual(
    [shown["id"], member(shown, "judged", "by"), member(shown, "judged", "reason")],
    [id, "admin", "made by mistake"],
  );
  const again = await stage.run("pair", "set-aside", "reject", id, "--reason", "once more");
  assertRefused(again, 6, "tail.judged");
});

import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Api, type Change, storm } from "../../scripts/demo/api.ts";
import { type DemoServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage } from "../../scripts/demo/stage.ts";
import {
  addWitness,
  alarmsOf,
  askToAdd,
  initWitness,
  newCode,
  registerOf,
  runWitness,
  setMode,
  type TestWitness,
  waitForWitness,
} from "./a-witness.ts";
import {
  accountNames,
  addAccount,
  adminPassword,
  assertNoneLost,
  assertRefused,
  foundSystem,
  initServer,
  joinTo,
  lookAt,
  waitForState,
  waitUntil,
} from "./servers.ts";

/** A pair with a witness: killed, stopped, wiped, put back from a copy. One pair for all tests. */

const stage = new Stage();
let main: DemoServer;
let standby: DemoServer;
let witness: TestWitness;
let api: Api;
const acknowledged: Change[] = [];

before(async () => {
  [main, standby] = [await initServer(stage, "A"), await initServer(stage, "B")];
  witness = await initWitness(stage);
  await Promise.all([runServer(stage, main), runServer(stage, standby)]);
  await runWitness(stage, witness);
  api = await foundSystem(stage, main);
  await joinTo(api, main, standby);
  await isProtected();
});
after(async () => {
  for (const { name, pid } of [main, standby]) {
    if (stage.isRunning(name)) process.kill(pid, "SIGCONT");
  }
  if (stage.isRunning("witness")) process.kill(witness.pid, "SIGCONT");
  api.close();
  await stage.clear();
});

async function isProtected(): Promise<void> {
  await waitForState(standby, "standby-valid");
  await waitForState(main, "main-protected");
}

async function areConnected(): Promise<void> {
  await waitForWitness(main, "connected");
  await waitForWitness(standby, "connected");
}

/** For the command line, which asks whoever is signed in. */
async function signInHere(): Promise<void> {
  const password = stage.secretFile("password", adminPassword);
  const ca = stage.path(main.name, "certificates", "authority.pem");
  const where = ["--server", main.url, "--ca", ca];
  await stage.must("login", "admin", ...where, "--password-file", password);
}

function codeOf(answered: Awaited<ReturnType<typeof askToAdd>>): unknown {
  return member(answered?.body, "error", "code");
}

test("[HS7][WN3] a witness on the machine of a server, and a wrong or used code, are refused", async () => {
  assert.equal(codeOf(await askToAdd(api, main, witness.code, false)), "witness.same-host");
  const wrong = witness.code.replace(/^./, (first) => (first === "0" ? "1" : "0"));
  assert.equal(codeOf(await askToAdd(api, main, wrong)), "witness.mistyped-code");
  const later = await newCode(stage, witness);
  assert.equal(codeOf(await askToAdd(api, main, witness.code)), "witness.code-rejected");
  await signInHere();
  const file = stage.secretFile("code", later);
  await stage.must("pair", "witness", "add", "--code-file", file, "--allow-same-host");
  assert.equal(codeOf(await askToAdd(api, main, later)), "witness.code-rejected");
  await areConnected();
  assert.ok((await alarmsOf(main)).includes("pair.witness-same-host"));
});

test("[HS7][WN1] the register holds the Main and its ack set, also after kill -9 of the witness", async () => {
  await setMode(api, main, "witness");
  const seeded = await registerOf(stage, witness);
  assert.deepEqual([seeded["owner"], seeded["ack_set"]], ["A", ["A", "B"]]);
  await stage.end("witness", "SIGKILL");
  const kept = await registerOf(stage, witness);
  assert.deepEqual([kept["term"], kept["ack_set"]], [seeded["term"], ["A", "B"]]);
  await runWitness(stage, witness);
  await areConnected();
  assert.equal(member(await lookAt(main), "arbitration", "mode"), "witness");
  await isProtected();
});

test("[HS7][HS8] the Main killed under load: the Standby takes over by itself, nothing is lost", async () => {
  for (const prefix of ["one", "two"]) {
    const killed = main;
    const urls = [main.url, standby.url];
    let begun: Promise<unknown> | undefined;
    const order = { prefix, count: 48, atOnce: 8 };
    const changes = await storm(
      api,
      () => urls,
      order,
      (done) => {
        if (done !== 8) return;
        process.kill(killed.pid, "SIGKILL");
        begun = waitForState(standby, "main-exposed", "main-protected");
      },
    );
    await begun;
    acknowledged.push(...changes.filter(({ sequence }) => sequence !== null));
    [main, standby] = [standby, main];
    const record = await registerOf(stage, witness);
    assert.equal(record["owner"], main.name);
    await stage.end(killed.name, "SIGKILL");
    await runServer(stage, killed);
    await isProtected();
    assertNoneLost(acknowledged, await accountNames(api, main));
  }
});

test("[HS7] a Standby that stands still is dropped with the witness's leave, and taken again", async () => {
  process.kill(standby.pid, "SIGSTOP");
  assert.equal((await addAccount(api, main, "alone"))?.status, 200);
  const { ack_set: set } = (await lookAt(main)) ?? {};
  assert.deepEqual(set, [main.name]);
  assert.deepEqual((await registerOf(stage, witness))["ack_set"], [main.name]);
  process.kill(standby.pid, "SIGCONT");
  await isProtected();
});

test("[HS7] a witness that stands still, or is gone, changes nothing but is told", async () => {
  process.kill(witness.pid, "SIGSTOP");
  await waitForWitness(main, "silent");
  assert.equal((await addAccount(api, main, "unwitnessed"))?.status, 200);
  await waitUntil(main, "says that the witness is silent", ({ alarms }) =>
    JSON.stringify(alarms).includes("pair.witness-silent"),
  );
  assert.equal((await lookAt(main))?.["state"], "main-protected");
  process.kill(witness.pid, "SIGCONT");
  await areConnected();
  assert.equal((await lookAt(main))?.["state"], "main-protected");
});

test("[HS7][WN4] a wiped register abstains, and an older copy is recognised; both are filled anew", async () => {
  const slots = ["register.a", "register.b"].map((name) => join(witness.directory, name));
  const copies = slots.map((slot) => `${slot}.copy`);
  for (const [at, slot] of slots.entries()) copyFileSync(slot, copies[at] ?? "");
  await addAccount(api, main, "further");
  await waitUntil(main, "has moved the floor", () => registerMoved(slots, copies));
  await stage.end("witness", "SIGTERM");
  for (const [at, slot] of slots.entries()) copyFileSync(copies[at] ?? "", slot);
  await runWitness(stage, witness);
  await waitForWitness(main, "older");
  assert.ok((await alarmsOf(main)).includes("pair.witness-older"));
  await addWitness(api, main, await newCode(stage, witness));
  await areConnected();
  await stage.end("witness", "SIGTERM");
  for (const slot of slots) writeFileSync(slot, "gone");
  await runWitness(stage, witness);
  await waitForWitness(main, "blank");
  assert.equal((await stage.must("witness", "status", witness.directory))["register"], "damaged");
  assert.equal((await addAccount(api, main, "blank"))?.status, 200);
  await addWitness(api, main, await newCode(stage, witness));
  await areConnected();
  assert.equal((await registerOf(stage, witness))["owner"], main.name);
  await isProtected();
});

function registerMoved(slots: readonly string[], copies: readonly string[]): boolean {
  return slots.every((slot, at) => !readFileSync(slot).equals(readFileSync(copies[at] ?? "")));
}

test("[WN9] a witness is the only one on its directory, ends in order and answers when stopped", async () => {
  const second = await stage.run("witness", "run", witness.directory);
  assertRefused(second, 6, "witness.already-running");
  const running = await stage.must("witness", "status", witness.directory);
  assert.deepEqual([running["state"], running["pid"]], ["running", witness.pid]);
  await stage.end("witness", "SIGTERM");
  const stopped = await stage.must("witness", "status", witness.directory);
  assert.deepEqual([stopped["state"], stopped["register"]], ["stopped", "kept"]);
  await runWitness(stage, witness);
  await areConnected();
  assertRefused(
    await stage.run("witness", "init", witness.directory),
    6,
    "config.already-initialised",
  );
  assertRefused(
    await stage.run("witness", "run", stage.path("none")),
    5,
    "witness.not-initialised",
  );
});

test("[HS7][WN8] what the witness accepted stands in its file, with who asked for it", async () => {
  const lines = stage.readText("witness", "events.jsonl").trim().split("\n");
  const owners = lines.map((line): unknown => member(JSON.parse(line), "owner"));
  assert.ok(owners.includes("A") && owners.includes("B"));
  assert.ok(lines.length < 60, "a floor that moves up is no news");
});

test("[HS7][CLI13] a witness that decides is not removed; a mode is shown with its price", async () => {
  const remove = async () => api.call(main.url, { method: "DELETE", path: "/v1/pair/witness" });
  assert.equal(codeOf(await remove()), "witness.in-use");
  await signInHere();
  const tried = await stage.run("pair", "mode", "pair", "--dry-run");
  assert.equal(tried.exit, 0, tried.stderr);
  assert.match(tried.stderr, /Standby lost: Changes stop until it returns/);
  assert.equal(member(await lookAt(main), "arbitration", "mode"), "witness");
  await stage.must("pair", "mode", "manual");
  await stage.must("pair", "witness", "remove", "--yes");
  assertRefused(await stage.run("pair", "mode", "witness"), 7, "pair.no-witness");
  await waitUntil(
    standby,
    "knows no witness",
    (status) => member(status, "arbitration", "witness") === null,
  );
});

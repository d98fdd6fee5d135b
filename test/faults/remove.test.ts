import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Api } from "../../scripts/demo/api.ts";
import { type DemoServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage, until } from "../../scripts/demo/stage.ts";
import {
  adminPassword,
  foundSystem,
  initServer,
  invite,
  joinTo,
  lookAt,
  orderLocally,
  promote,
  signInStatus,
  type Status,
  waitForAckSet,
  waitForState,
  waitUntil,
} from "./servers.ts";

/** Of A, B and C, C is killed for good and removed; then it comes back. */

const stage = new Stage();
let servers: readonly [DemoServer, DemoServer, DemoServer];
let api: Api;
let codeOfC = "";

before(async () => {
  const a = await initServer(stage, "A");
  const b = await initServer(stage, "B");
  const c = await initServer(stage, "C");
  servers = [a, b, c];
  await Promise.all(servers.map((server) => runServer(stage, server)));
  api = await foundSystem(stage, a);
  await joinTo(api, a, b);
  codeOfC = await invite(api, a, "C");
  await join(c, codeOfC);
  await waitForAckSet(a, "A", "B", "C");
});
after(async () => {
  await stage.clear();
  api.close();
});

async function join(server: DemoServer, code: string): Promise<unknown> {
  const joined = await orderLocally(server, "/local/join", { code });
  return member(joined?.body, "error", "code") ?? joined?.status;
}

async function remove(name: string, query = ""): Promise<unknown> {
  const order = { method: "POST", path: `/v1/pair/removals${query}`, body: { name } };
  const answered = await api.call(servers[1].url, order);
  return member(answered?.body, "error", "code") ?? member(answered?.body, "data");
}

function partnersOf(status: Status | undefined): readonly unknown[] {
  const partners = status?.["partners"];
  return Array.isArray(partners) ? partners.map((partner) => member(partner, "name")) : [];
}

test("[HS14] a server in the ack set is not removed, nor the Main, nor one that is not there", async () => {
  const [a, , c] = servers;
  assert.equal(await remove("A"), "pair.remove-main");
  assert.equal(await remove("C"), "pair.remove-counted");
  assert.equal(await remove("D"), "pair.server-not-found");
  await stage.end(c.name, "SIGKILL");
  await waitForAckSet(a, "A", "B");
});

test("[HS14][HS17] a dead server is removed, through a Standby: no server names it any more", async () => {
  const [a, b] = servers;
  // The status says at once who is in the ack set; the journal, by which it is judged, a moment later.
  const tried = await until("C counts no more", 10_000, async () => {
    const answered = await remove("C", "?dry_run=true");
    return answered === "pair.remove-counted" ? undefined : answered;
  });
  const says = [member(tried, "dry_run"), member(tried, "server")];
  assert.deepEqual(says, [true, "C"], JSON.stringify(tried));
  assert.ok(partnersOf(await lookAt(a)).includes("C"));
  const removed = await remove("C");
  assert.equal(typeof member(removed, "sequence"), "number", JSON.stringify(removed));
  for (const [server, other] of [
    [a, "B"],
    [b, "A"],
  ] as const) {
    await waitUntil(server, "C is gone", (status) => partnersOf(status).join() === other);
  }
  await waitForState(a, "main-protected");
});

test("[HS14] a removed server that returns says so, signs nobody in, and is never Main", async () => {
  const [a, b, c] = servers;
  await runServer(stage, c);
  const told = await waitForState(c, "invalid-database");
  assert.equal(member(told["cause"], "code"), "pair.removed");
  assert.match(String(member(told["cause"], "text")), /removed from the system by admin at 20/);
  assert.match(String(told["remedy"]), /server join/);
  assert.notEqual(await signInStatus(stage, c, adminPassword), 200);
  assert.equal((await promote(c, true))?.status, 422);
  await stage.end(c.name, "SIGTERM");
  await runServer(stage, c);
  assert.equal(member((await lookAt(c))?.["cause"], "code"), "pair.removed");
  for (const server of [a, b]) assert.equal(partnersOf(await lookAt(server)).includes("C"), false);
});

test("[HS14] a new server takes its name and its place, with a new code only", async () => {
  const [a, b, old] = servers;
  await stage.end(old.name, "SIGTERM");
  renameSync(old.directory, `${old.directory}-removed`);
  const c = await initServer(stage, "C");
  await runServer(stage, c);
  assert.match(String(await join(c, codeOfC)), /^invite\./);
  await joinTo(api, a, c);
  await waitForState(c, "standby-valid");
  await waitForAckSet(a, "A", "B", "C");
  assert.ok(partnersOf(await lookAt(b)).includes("C"));
});

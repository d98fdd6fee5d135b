import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Api } from "../../scripts/demo/api.ts";
import { type DemoServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage, until } from "../../scripts/demo/stage.ts";
import {
  accountNames,
  addAccount,
  adminPassword,
  foundSystem,
  initServer,
  joinTo,
  lookAt,
  promote,
  setNumber,
  signInStatus,
  waitForState,
  waitUntil,
} from "./servers.ts";

/** HS4: what a server had before a first pass goes on serving, wherever that breaks off. */

const stage = new Stage();
const bytesPerSecond = 50_000;
let a: DemoServer;
let b: DemoServer;
let api: Api;

before(async () => {
  [a, b] = [await initServer(stage, "A"), await initServer(stage, "B")];
  setNumber(b, "first_pass_rate", bytesPerSecond);
  await Promise.all([runServer(stage, a), runServer(stage, b)]);
  api = await foundSystem(stage, a);
  await joinTo(api, a, b);
  await waitForState(a, "main-protected");
  for (let index = 0; index < 60; index++) await addAccount(api, a, `both${index}`);
});
after(async () => {
  api.close();
  await stage.clear();
});

/** The share of the first pass that A has; undefined while none is under way. */
async function shareDone(): Promise<number | undefined> {
  const status = await lookAt(a);
  if (status?.["state"] !== "standby-synchronising") return undefined;
  const [done, total] = ["bytes_done", "bytes_total"].map((key) => member(status, "progress", key));
  return typeof total === "number" && total > 0 ? Number(done) / total : undefined;
}

test("[HS4] F18 the Main killed at 0, 1, 50, 99 and 100 % of a first pass: the former database serves", async () => {
  // A has a change of which B never heard, and B one of which A never heard: A is copied anew.
  await stage.end("B", "SIGKILL");
  await waitForState(a, "main-exposed");
  assert.equal((await addAccount(api, a, "only-a"))?.status, 200);
  await stage.end("A", "SIGKILL");
  await runServer(stage, b);
  await until("B is promoted", 60_000, async () => {
    return (await promote(b, true))?.status === 200 ? true : undefined;
  });
  assert.equal((await addAccount(api, b, "only-b"))?.status, 200);
  await runServer(stage, a);
  for (const share of [0, 0.01, 0.5, 0.99]) {
    await until(`${share * 100} % are done`, 60_000, async () => {
      return ((await shareDone()) ?? -1) >= share ? true : undefined;
    });
    await stage.end("B", "SIGKILL");
    const cut = await waitForState(a, "standby-connecting");
    assert.equal(member(cut, "promotable", "ok"), false, "what it has is not complete");
    const names = await accountNames(api, a);
    assert.ok(names.includes("both59") && names.includes("only-a") && !names.includes("only-b"));
    assert.equal(await signInStatus(stage, a, adminPassword), 200);
    await runServer(stage, b);
  }
  // Nobody has to do anything for the copy to begin again and to end.
  await waitForState(a, "standby-valid");
  await waitUntil(b, "A counts", ({ state }) => state === "main-protected");
  await stage.end("B", "SIGKILL");
  const names = await accountNames(api, a);
  assert.ok(names.includes("both59") && !names.includes("only-a") && names.includes("only-b"));
  assert.equal(await signInStatus(stage, a, adminPassword), 200);
});

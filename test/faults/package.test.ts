import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Api } from "../../scripts/demo/api.ts";
import { type DemoServer, initServer, member, runServer } from "../../scripts/demo/cast.ts";
import { type Ended, Stage } from "../../scripts/demo/stage.ts";
import { assertRefused, foundSystem } from "./servers.ts";

/** Device packages that were changed on their way: none makes a device, none uses the code up. */

const stage = new Stage();
let a: DemoServer;
let other: DemoServer;
let api: Api;
let sound = "";

before(async () => {
  [a, other] = [await initServer(stage, "A"), await initServer(stage, "other")];
  await Promise.all([runServer(stage, a), runServer(stage, other)]);
  api = await foundSystem(stage, a);
  (await foundSystem(stage, other)).close();
  await post("/v1/groups", { name: "bay1" });
  await post("/v1/devices", { name: "Q01", group: "bay1" });
  const made = await post("/v1/devices/Q01/package", null);
  sound = JSON.stringify(member(made, "data", "package"));
});
after(async () => {
  api.close();
  await stage.clear();
});

async function post(path: string, body: unknown): Promise<Record<string, unknown>> {
  const order = { method: "POST", path, ...(body === null ? {} : { body }) };
  const answered = await api.call(a.url, order);
  assert.equal(answered?.status, 200, JSON.stringify(answered));
  return answered.body;
}

async function init(content: string): Promise<Ended> {
  const file = stage.secretFile("package", content);
  return stage.run("ied", "init", stage.path("Q01"), "--package", file, "--https", "0");
}

function assertNoDevice(): void {
  const left = existsSync(stage.path("Q01")) ? readdirSync(stage.path("Q01")) : [];
  assert.ok(!left.includes("ied.json") && !left.includes("device.pem"), left.join(" "));
}

test("[PK3] a package that is cut off, of another kind or with a changed byte is named as that", async () => {
  assertRefused(await init(sound.slice(0, -40)), 2, "device.package-damaged");
  assertRefused(
    await init(sound.replace("device-package", "device-backup")),
    2,
    "device.package-damaged",
  );
  const byte = sound.replace(/(BEGIN CERTIFICATE-----\\n.{40})./, "$1*");
  assert.notEqual(byte, sound);
  assertRefused(await init(byte), 2, "device.package-damaged");
  assertNoDevice();
});

test("[PK3] a package with another anchor sends nothing secret to the server that it names", async () => {
  const anchor = JSON.stringify(stage.readText("other", "certificates", "authority.pem"));
  const changed = sound.replace(/"certificate":"[^"]*"/, `"certificate":${anchor}`);
  assert.notEqual(changed, sound);
  assertRefused(await init(changed), 8, "enrolment.failed");
  assertNoDevice();
});

test("[PK3] a package with another address finds a server that is not of its system", async () => {
  const changed = sound.replace(`"https":${a.https}`, `"https":${other.https}`);
  assert.notEqual(changed, sound);
  assertRefused(await init(changed), 8, "enrolment.failed");
  assertNoDevice();
});

test("[PK3][PK4] after all of these the package as it was made still enrols the device, once", async () => {
  const done = await init(sound);
  assert.equal(done.exit, 0, JSON.stringify(done));
  const file = stage.secretFile("package", sound);
  const twin = await stage.run("ied", "init", stage.path("twin"), "--package", file);
  assertRefused(twin, 3, "enrolment.rejected");
});

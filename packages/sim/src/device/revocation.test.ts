import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { day, hour } from "@gridward/core/base/time";
import { encodeMessage } from "@gridward/core/codec/replica/replica-codec";
import type { Device } from "@gridward/ied/device";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { buildCrl } from "@gridward/runtime/trust/x509/crl";
import { DeviceWorld, deviceX } from "./device-world.ts";

async function inWorld(run: (world: DeviceWorld) => Promise<void>): Promise<void> {
  const world = await DeviceWorld.open();
  try {
    await run(world);
  } finally {
    await world.close();
  }
}

function states(device: Device): readonly string[] {
  return device.lines.map(({ status: { state, cause } }) => `${state} ${cause?.slice(0, 3) ?? ""}`);
}

const online = "Online ";
const revoked = "Offline T07";

test("[RS15][PK5] a device has the list with its replica, the next one at once, and both after a restart", async () => {
  await inWorld(async (world) => {
    world.publishList(7);
    const device = world.start(deviceX);
    await world.until(() => device.status().revocation.number === 7);
    assert.equal(device.status().revocation.list, "current");
    await world.until(() => states(device).every((state) => state === online));
    const sent = world.a.sent.length;
    world.publishList(8);
    await world.until(() => device.status().revocation.number === 8);
    await world.settle();
    const frames = [...world.a.sent.slice(sent), ...world.b.sent].map((frame) => frame.toString());
    assert.ok(frames.length > 0);
    world.a.kill();
    world.b.kill();
    await world.stop(device);
    const again = world.start(deviceX);
    assert.equal(again.status().revocation.number, 8);
    world.clock.advance(8 * day);
    assert.equal(again.status().revocation.list, "stale");
  });
});

test("[RS16][PK5] on an island the device refuses a server that its list names, also after a restart", async () => {
  await inWorld(async (world) => {
    world.publishList(7);
    const device = world.start(deviceX);
    await world.until(() => states(device).every((state) => state === online));
    world.publishList(8, world.b);
    await world.until(() => states(device)[1] === revoked);
    assert.equal(states(device)[0], online);
    world.a.kill();
    await world.stop(device);
    const again = world.start(deviceX);
    await world.until(() => states(again)[1] === revoked);
    world.clock.advance(8 * day);
    await world.until(() => states(again)[1] === revoked);
    const signedIn = await world.signIn(again, "anna");
    assert.equal(signedIn.accepted && signedIn.session.source, "replica");
  });
});

test("[RS16][PK5] what a revoked signer signs now is refused, what it signed before is kept", async () => {
  await inWorld(async (world) => {
    world.publishList(7);
    const device = world.start(deviceX);
    await world.until(() => states(device).every((state) => state === online));
    world.publishList(8, world.a.parts.signer.certificate);
    await world.until(() => /signer's certificate is revoked/.test(causeOf(device)));
    assert.equal(states(device)[1], online);
    world.b.kill();
    await world.until(() => states(device).every((state) => state !== online));
    assert.equal(device.replica.use(), "good");
    await world.stop(device);
    assert.equal(world.start(deviceX).replica.use(), "good");
  });
});

function causeOf(device: Device): string {
  return device.lines[0]?.status.cause ?? "";
}

test("[RS17][PK5] in mode hard no server is believed without a current list, which it may bring", async () => {
  await inWorld(async (world) => {
    const device = world.start(deviceX, { revocation: "hard" });
    await world.until(() => states(device).every((state) => state === "Offline its"));
    assert.match(device.lines[0]?.status.cause ?? "", /T08 its revocation list is none/);
    assert.equal(device.replica.use(), "none");
    world.publishList(7);
    await world.until(() => states(device).every((state) => state === online));
    assert.equal(device.replica.use(), "good");
    world.clock.advance(7 * day + hour);
    await world.until(() => states(device).every((state) => state !== online));
    world.publishList(8);
    await world.until(() => states(device).every((state) => state === online));
    await world.stop(device);
    const soft = world.start(deviceX);
    world.clock.advance(8 * day);
    await world.until(() => states(soft).every((state) => state === online));
    assert.equal(soft.status().revocation.list, "stale");
  });
});

test("[RS18][PK5] a list that is older, of another authority or no list at all changes nothing", async () => {
  await inWorld(async (world) => {
    world.publishList(8, world.b);
    const device = world.start(deviceX);
    await world.until(() => device.status().revocation.number === 8);
    const { lists } = device.replica;
    const theirs = testAuthority("Ours", world.clock.now());
    const at = world.clock.now();
    const order = { thisUpdate: at, nextUpdate: at + day, listed: [] };
    const cases = [
      [buildCrl({ ...order, number: 7 }, world.authority), /older/],
      [buildCrl({ ...order, number: 9 }, theirs), /did not sign/],
      [new Uint8Array([1, 2, 3]), /not a revocation list/],
    ] as const;
    for (const [der, reason] of cases) {
      const taken = lists.take(der);
      assert.ok(!taken.ok);
      assert.match(taken.error, reason);
    }
    assert.equal(device.status().revocation.number, 8);
    const message = { kind: "list", encoded: "AAAA" } as const;
    assert.ok(encodeMessage(message).length < 100);
  });
});

test("[RS18][RS6] a file of lists that is put back to an older one is not believed", async () => {
  await inWorld(async (world) => {
    world.publishList(7);
    const device = world.start(deviceX);
    await world.until(() => device.status().revocation.number === 7);
    const file = join(world.directoryOf(deviceX), "lists.sealed");
    copyFileSync(file, `${file}.old`);
    world.publishList(8, world.b);
    await world.until(() => device.status().revocation.number === 8);
    await world.stop(device);
    copyFileSync(`${file}.old`, file);
    world.a.kill();
    world.b.kill();
    const again = world.start(deviceX);
    assert.equal(again.status().revocation.list, "none");
    world.a.start();
    await world.until(() => again.status().revocation.number === 8);
    assert.equal(states(again)[1]?.startsWith("Offline"), true);
  });
});

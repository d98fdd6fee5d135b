import assert from "node:assert/strict";
import { test } from "node:test";
import { accountId } from "@gridward/core/base/identity";
import { day, hour, minute } from "@gridward/core/base/time";
import type { SignInResult } from "@gridward/ied/authority/authority";
import type { Device } from "@gridward/ied/device";
import { DeviceWorld, deviceX, group } from "./device-world.ts";

async function inWorld(play: (world: DeviceWorld, device: Device) => Promise<void>): Promise<void> {
  const world = await DeviceWorld.open();
  try {
    const device = world.start(deviceX);
    await world.until(() => device.replica.use() === "good");
    await world.until(() => device.lines.every(({ standing }) => standing !== null));
    await play(world, device);
  } finally {
    await world.close();
  }
}

/** Source of an accepted sign-in, or the event of a refused one. */
function short(result: SignInResult): string | number {
  return result.accepted ? result.session.source : result.event;
}

async function withoutServers(world: DeviceWorld, device: Device): Promise<void> {
  world.a.kill();
  world.b.kill();
  await world.until(() => device.lines.every(({ standing }) => standing === null));
}

test("[DA1][DV1] the Main answers first, also for an account in no group", async () => {
  await inWorld(async (world, device) => {
    assert.equal(short(await world.signIn(device, "anna")), "main");
    assert.equal(short(await world.signIn(device, "otto")), "main");
  });
});

test("[DA1][DV1] without the Main a valid Standby answers", async () => {
  await inWorld(async (world, device) => {
    world.a.kill();
    await world.settle();
    assert.equal(short(await world.signIn(device, "otto")), "standby");
    assert.equal(short(await world.signIn(device, "otto", "wrong")), 1130);
  });
});

test("[DA1][DV1] without any server the replica lets members in and nobody else", async () => {
  await inWorld(async (world, device) => {
    await withoutServers(world, device);
    assert.equal(short(await world.signIn(device, "anna")), "replica");
    assert.equal(short(await world.signIn(device, "anna", "wrong")), 1130);
    assert.equal(short(await world.signIn(device, "otto")), 1130);
  });
});

test("[DA2][DV1] a refusal by a server is final: the replica is not asked", async () => {
  await inWorld(async (world, device) => {
    // The replica still holds the old password while the device cannot be told of the new one.
    for (const line of device.lines) line.pull = () => undefined;
    world.submit({ kind: "disable-account", id: accountId("anna") });
    assert.equal(device.replica.find("anna") === undefined, false);
    assert.equal(short(await world.signIn(device, "anna")), 1130);
  });
});

test("[DA2][DV1] a refusal by a stale Standby is none: the replica answers", async () => {
  await inWorld(async (world, device) => {
    world.b.frozen = world.b.parts.committed();
    world.b.condition = { duty: "standby", fresh: false, canSignIn: true };
    world.a.kill();
    await world.addAccount("berta", { groups: [group] });
    await world.settle();
    // The Standby does not know berta and must not say so; the device's replica does not either.
    const refused = await world.signIn(device, "berta");
    assert.equal(short(refused), 1130);
    const denied = await world.signIn(device, "anna", "wrong");
    assert.equal(short(denied), 1130);
    // It still accepts, and says that it was not sure.
    const accepted = await world.signIn(device, "anna");
    assert.deepEqual([short(accepted), accepted.accepted && accepted.fresh], ["standby", false]);
  });
});

test("[DA3][AM10] unknown account and wrong password give one answer, offline and online", async () => {
  await inWorld(async (world, device) => {
    const told = async (name: string): Promise<unknown> => {
      const result = await world.signIn(device, name, "wrong");
      assert.equal(result.accepted, false);
      if (result.accepted) return undefined;
      return [result.event, result.refusal.code];
    };
    const online = [await told("anna"), await told("nobody")];
    assert.deepEqual(online[0], online[1]);
    await withoutServers(world, device);
    const offline = [await told("anna"), await told("nobody")];
    assert.deepEqual(offline[0], offline[1]);
    // The third failure blocks both alike, though only one of them exists.
    const third = [await told("anna"), await told("nobody")];
    assert.deepEqual(third, [
      [1170, "credential.rejected"],
      [1170, "credential.rejected"],
    ]);
  });
});

test("[DA4][DV13] three failures block that user alone, through a restart, and are reported", async () => {
  await inWorld(async (world, device) => {
    await world.addAccount("berta", { groups: [group] });
    await world.until(() => device.replica.find("berta") !== undefined);
    await withoutServers(world, device);
    const tries = [];
    for (let count = 0; count < 3; count++) {
      tries.push(short(await world.signIn(device, "anna", "no")));
    }
    assert.deepEqual(tries, [1130, 1130, 1170]);
    assert.equal(short(await world.signIn(device, "anna")), 1170);
    assert.equal(short(await world.signIn(device, "berta")), "replica");
    assert.equal(device.authority.outputs().usrblked, true);

    await world.stop(device);
    const again = world.start(deviceX);
    await world.settle();
    assert.equal(short(await world.signIn(again, "anna")), 1170);
    assert.equal(again.authority.outputs().usrblked, true);

    world.a.start();
    await world.until(() =>
      world.a.seen.some(
        (seen) =>
          seen.kind === "reported" &&
          seen.failures.some(({ name, until }) => name === "anna" && until !== null),
      ),
    );
    const events = world.a.seen.flatMap((seen) => (seen.kind === "reported" ? seen.decided : []));
    const ofAnna = events.filter(({ account }) => account === "anna").map(({ event }) => event);
    assert.deepEqual(ofAnna.slice(0, 3), [1130, 1130, 1170]);

    world.clock.advance(11 * minute);
    assert.equal(short(await world.signIn(again, "anna")), "main");
    assert.equal(again.authority.outputs().usrblked, false);
  });
});

test("[DA4][DV13] an unlock at the Main lifts the device's block", async () => {
  await inWorld(async (world, device) => {
    for (let count = 0; count < 3; count++) await world.signIn(device, "anna", "no");
    await world.until(() => device.replica.find("anna")?.record.lockedUntil !== null);
    assert.equal(short(await world.signIn(device, "anna")), 1170);
    world.submit({ kind: "unlock-account", id: accountId("anna") });
    await world.until(() => device.replica.find("anna")?.record.lockedUntil === null);
    assert.equal(short(await world.signIn(device, "anna")), "main");
  });
});

test("[DA5][DV8] an operator may control and not configure, and both answers are reported", async () => {
  await inWorld(async (world, device) => {
    const check = (name: string, right: string): string => {
      const verdict = device.authority.check(name, right, null, "panel");
      return verdict.allow ? "allow" : verdict.refusal.code;
    };
    assert.equal(check("anna", "Control-Basic"), "access.no-session");
    await world.signIn(device, "anna");
    assert.equal(check("anna", "Control-Basic"), "allow");
    assert.equal(check("anna", "Config-Basic"), "access.no-right");
    assert.equal(check("anna", "Flying"), "access.unknown-operation");
    const reported = (reason: RegExp): boolean =>
      world.a.seen.some(
        (seen) => seen.kind === "reported" && seen.decided.some((one) => reason.test(one.reason)),
      );
    await world.until(() => reported(/Control-Basic: OPERATOR in \* has/));
    await world.until(() => reported(/Config-Basic: access.no-right/));
  });
});

test("[DA6][DV9] LOGGEDON follows the sessions: sign-in, sign-out, no use", async () => {
  await inWorld(async (world, device) => {
    const isOn = (): boolean => device.authority.outputs().loggedon;
    assert.equal(isOn(), false);
    await world.signIn(device, "anna");
    assert.equal(isOn(), true);
    assert.equal(device.authority.signOut("anna"), 1);
    assert.equal(isOn(), false);
    await world.signIn(device, "anna");
    world.clock.advance(11 * minute);
    assert.equal(isOn(), false);
    const verdict = device.authority.check("anna", "Control-Basic", null, "panel");
    assert.equal(verdict.allow, false);
  });
});

test("[DA7][DV2] an account that leaves the group is gone from the device, and its session too", async () => {
  await inWorld(async (world, device) => {
    await world.signIn(device, "anna");
    world.submit({ kind: "leave-group", id: group, account: accountId("anna") });
    await world.until(() => device.replica.find("anna") === undefined);
    assert.equal(device.authority.outputs().loggedon, false);
    await withoutServers(world, device);
    assert.equal(short(await world.signIn(device, "anna")), 1130);
  });
});

test("[DA8][DV5] past the soft age it warns, past the hard age it admits nobody", async () => {
  await inWorld(async (world, device) => {
    await withoutServers(world, device);
    world.clock.advance(25 * hour);
    assert.equal(device.replica.isPastSoftAge(), true);
    assert.equal(short(await world.signIn(device, "anna")), "replica");
    world.clock.advance(13 * day);
    assert.equal(short(await world.signIn(device, "anna")), 3810);
    assert.equal(device.replica.use(), "too old");
    world.a.start();
    await world.until(() => device.replica.use() === "good");
    world.a.kill();
    await world.settle();
    assert.equal(short(await world.signIn(device, "anna")), "replica");
  });
});

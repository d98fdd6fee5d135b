import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Bytes } from "@gridward/core/base/bytes";
import { accountId } from "@gridward/core/base/identity";
import { day, hour } from "@gridward/core/base/time";
import { encodeMessage } from "@gridward/core/codec/replica/replica-codec";
import { roleIds } from "@gridward/core/domain/roles";
import { aRole } from "@gridward/core/domain/fixtures";
import type { Device } from "@gridward/ied/device";
import { DeviceWorld, deviceX, deviceY, group } from "./device-world.ts";
import { linkPair } from "./link-pair.ts";
import type { TestServer } from "./test-server.ts";

async function inWorld(play: (world: DeviceWorld, device: Device) => Promise<void>): Promise<void> {
  const world = await DeviceWorld.open();
  try {
    const device = world.start(deviceX);
    await online(world, device);
    await play(world, device);
  } finally {
    await world.close();
  }
}

async function online(world: DeviceWorld, device: Device): Promise<void> {
  await world.until(() => device.lines.every(({ standing }) => standing !== null));
}

async function withoutServers(world: DeviceWorld, device: Device): Promise<void> {
  world.a.kill();
  world.b.kill();
  await world.until(() => device.lines.every(({ standing }) => standing === null));
}

async function eventOf(world: DeviceWorld, device: Device, name: string): Promise<number | string> {
  const result = await world.signIn(device, name);
  return result.accepted ? result.session.source : result.event;
}

function slotFiles(directory: string): readonly string[] {
  return ["a", "b"]
    .map((slot) => join(directory, `replica-${slot}.sealed`))
    .filter((path) => existsSync(path));
}

test("[RS1][DV2] a device holds the members of its group and nobody else", async () => {
  await inWorld(async (world, device) => {
    await world.addAccount("berta", { groups: [group] });
    await world.addAccount("carla", { groups: [group], roles: [aRole(roleIds.SECADM)] });
    await world.addAccount("dora", { groups: [group] });
    world.submit({ kind: "deny-in-group", id: group, account: accountId("dora") });
    await world.until(() => device.replica.find("berta") !== undefined);
    await world.until(() => device.replica.find("dora") === undefined);
    const names = Array.from(device.replica.members(), ({ record }) => record.name);
    assert.deepEqual(names.toSorted(), ["anna", "berta"]);
    const { replication } = device.status();
    assert.deepEqual([replication.accounts, replication.status], [2, "Good"]);
  });
});

test("[RS2][AM5] the server learns which credentials are on which device", async () => {
  await inWorld(async (world) => {
    await world.addAccount("berta", { groups: [group] });
    await world.until(() =>
      world.a.seen.some((seen) => seen.kind === "delivered" && seen.accounts.length === 2),
    );
    const last = world.a.seen.findLast((seen) => seen.kind === "delivered");
    assert.deepEqual(last?.kind === "delivered" && [last.device, last.accounts], [
      deviceX,
      ["anna", "berta"],
    ]);
  });
});

test("[RS3][DV5] no base hash and no account outside the group leaves the server", async () => {
  await inWorld(async (world, device) => {
    await world.addAccount("berta", { groups: [group] });
    await world.until(() => device.replica.find("berta") !== undefined);
    const all = world.a.sent.map((frame) => Buffer.from(frame).toString()).join("\n");
    assert.ok(all.includes("berta"));
    assert.ok(!all.includes("otto"));
    assert.ok(!all.includes("argon2id"));
    for (const { verifier } of device.replica.members()) {
      assert.ok(verifier !== undefined && !all.includes(verifier.verifier));
    }
  });
});

test("[RS4][DV3] replication off erases the replica, and nobody gets in until a server is back", async () => {
  await inWorld(async (world, device) => {
    world.submit({ kind: "set-replication", id: deviceX, enabled: false });
    await world.until(() => device.replica.use() === "off");
    assert.deepEqual(slotFiles(world.directoryOf(deviceX)), []);
    assert.equal(existsSync(join(world.directoryOf(deviceX), "device-key.sealed")), false);
    const status = device.status().replication;
    assert.deepEqual(
      [status.enabled, status.status, status.accounts],
      [false, "Not replicated", 0],
    );
    assert.equal(await eventOf(world, device, "anna"), "main");
    await withoutServers(world, device);
    assert.equal(await eventOf(world, device, "anna"), 3810);
    world.b.start();
    await world.until(() => device.lines.some(({ standing }) => standing !== null));
    assert.equal(await eventOf(world, device, "anna"), "standby");
    world.submit({ kind: "set-replication", id: deviceX, enabled: true });
    await world.until(() => device.replica.use() === "good");
  });
});

test("[RS4][DV3] a server that has not heard of the order does not bring the replica back", async () => {
  await inWorld(async (world, device) => {
    world.b.frozen = world.b.parts.committed();
    world.submit({ kind: "set-replication", id: deviceX, enabled: false });
    await world.until(() => device.replica.use() === "off");
    for (const line of device.lines) line.pull();
    await world.settle();
    assert.equal(device.replica.use(), "off");
    assert.deepEqual(slotFiles(world.directoryOf(deviceX)), []);
  });
});

test("[RS5][DV5] an edited byte makes a slot worthless; the next server heals it", async () => {
  await inWorld(async (world, device) => {
    const directory = world.directoryOf(deviceX);
    await world.stop(device);
    world.a.kill();
    world.b.kill();
    for (const path of slotFiles(directory)) {
      const bytes = readFileSync(path);
      const middle = Math.floor(bytes.length / 2);
      bytes[middle] = bytes[middle] === 0x41 ? 0x42 : 0x41;
      writeFileSync(path, bytes);
    }
    const again = world.start(deviceX);
    assert.equal(again.replica.use(), "damaged");
    assert.equal(await eventOf(world, again, "anna"), 3810);
    world.a.start();
    await world.until(() => again.replica.use() === "good");
  });
});

test("[RS5][DV5] a torn write of the newer slot leaves what was seen, never an older set", async () => {
  await inWorld(async (world, device) => {
    const directory = world.directoryOf(deviceX);
    const before = new Map(
      slotFiles(directory).map((path) => [path, readFileSync(path, "latin1")]),
    );
    world.submit({ kind: "leave-group", id: group, account: accountId("anna") });
    await world.until(() => device.replica.find("anna") === undefined);
    await world.stop(device);
    world.a.kill();
    world.b.kill();
    for (const path of slotFiles(directory)) {
      const bytes = readFileSync(path);
      if (bytes.toString("latin1") !== before.get(path)) writeFileSync(path, bytes.subarray(0, 99));
    }
    const again = world.start(deviceX);
    assert.equal(again.replica.find("anna"), undefined);
    assert.equal(again.replica.use(), "damaged");
  });
});

test("[RS6][DV5] a slot rolled back, or what was seen taken away, is not believed", async () => {
  await inWorld(async (world, device) => {
    const directory = world.directoryOf(deviceX);
    const saved = `${directory}-saved`;
    cpSync(directory, saved, { recursive: true });
    world.submit({ kind: "disable-account", id: accountId("anna") });
    await world.until(() => device.replica.find("anna") === undefined);
    await world.stop(device);
    world.a.kill();
    world.b.kill();
    for (const slot of ["a", "b"]) {
      const old = join(saved, "replica-a.sealed");
      cpSync(old, join(directory, `replica-${slot}.sealed`));
    }
    // A slot is sealed for its place as well, so one of the copies does not even open.
    const rolledBack = world.start(deviceX);
    assert.equal(rolledBack.replica.use(), "damaged");
    assert.equal(await eventOf(world, rolledBack, "anna"), 3810);
    await world.stop(rolledBack);
    writeFileSync(join(directory, "seen.sealed"), "");
    assert.equal(world.start(deviceX).replica.use(), "damaged");
  });
});

test("[RS7][DV5] the replica of one device is worthless on another", async () => {
  await inWorld(async (world, x) => {
    const y = world.start(deviceY);
    await online(world, y);
    const verifierOf = (device: Device): string =>
      device.replica.find("anna")?.verifier?.verifier ?? "";
    assert.notEqual(verifierOf(x), verifierOf(y));
    await world.stop(x);
    await world.stop(y);
    world.a.kill();
    world.b.kill();
    // Files alone; then files with the store key of X, on a device that is Y.
    cpSync(world.directoryOf(deviceX), world.directoryOf(deviceY), { recursive: true });
    assert.equal(world.start(deviceY).replica.use(), "damaged");
    const withKey = world.start(deviceY, { key: world.storeKey(deviceX) });
    assert.equal(withKey.replica.use(), "damaged");
    assert.equal(await eventOf(world, withKey, "anna"), 3810);
  });
});

/** A server that answers every hello with what another one once sent. */
function replaying(world: DeviceWorld, recorded: TestServer["sent"]): TestServer["dial"] {
  return (ends) => {
    const server = { kind: "server", node: world.a.parts.node } as const;
    const [atDevice, atServer] = linkPair({ ...ends, server });
    atServer.onFrame(() => {
      for (const frame of recorded) void atServer.send(frame);
    });
    return { outcome: "verified", peer: atDevice };
  };
}

test("[RS8][DV5] a replayed answer is refused and renews no age", async () => {
  await inWorld(async (world, device) => {
    const recorded = [...world.a.sent];
    await withoutServers(world, device);
    await world.stop(device);
    world.clock.advance(2 * hour);
    const again = world.start(deviceX, { dial: replaying(world, recorded) });
    await world.until(() =>
      again.lines.every(({ status }) => /another question/.test(status.cause ?? "")),
    );
    assert.ok(again.replica.age() >= 2 * hour);
    assert.equal(again.status().replication.status, "Failed");
    assert.equal(await eventOf(world, again, "anna"), "replica");
  });
});

test("[RS9][DV15] a clock set back makes no replica young, before or after a restart", async () => {
  await inWorld(async (world, device) => {
    await withoutServers(world, device);
    world.clock.advance(13 * day);
    world.clock.setWall(world.clock.now() - 100 * day);
    assert.ok(device.replica.age() >= 13 * day);
    await world.stop(device);
    let last = device.replica.age();
    for (let restart = 0; restart < 25; restart++) {
      const again = world.start(deviceX);
      assert.ok(again.replica.age() > last, "a restart under a wrong clock costs an hour");
      last = again.replica.age();
      await world.stop(again);
    }
    const again = world.start(deviceX);
    assert.equal(again.replica.use(), "too old");
    assert.equal(await eventOf(world, again, "anna"), 3810);
  });
});

test("[RS10][DV5] a lower term, a second owner of a term and a leap of terms are refused", async () => {
  await inWorld(async (world, device) => {
    const seen = (): number => device.replica.seen.position?.term ?? 0;
    world.b.frozen = world.b.parts.committed();
    world.startTerm(7, world.a);
    await world.until(() => seen() === 7);
    const causeOfB = (): string => device.lines[1]?.status.cause ?? "";
    await world.until(() => {
      device.lines[1]?.pull();
      return causeOfB().includes("lower");
    });
    // The server that is behind is told, so that it can fence itself.
    await world.until(() =>
      world.b.seen.some((one) => one.kind === "device-is-ahead" && one.term === 7),
    );
    const committed = world.a.parts.committed();
    const asOwnedByB = (term: number): typeof committed => ({
      ...committed,
      state: {
        ...committed.state,
        tables: {
          ...committed.state.tables,
          pair: committed.state.tables.pair.map((row) => ({
            ...row,
            term,
            owner: world.b.parts.node,
          })),
        },
      },
    });
    world.b.frozen = asOwnedByB(7);
    await world.until(() => causeOfB().includes("another owner"));
    world.b.frozen = asOwnedByB(10_008);
    await world.until(() => causeOfB().includes("leap"));
    assert.equal(seen(), 7);
  });
});

test("[RS8][DV5] a Standby without its Main renews no age", async () => {
  await inWorld(async (world, device) => {
    world.b.condition = { duty: "standby", fresh: false, canSignIn: true };
    world.a.kill();
    await world.until(() => device.lines[0]?.standing === null);
    world.clock.advance(2 * hour);
    device.lines[1]?.pull();
    await world.settle();
    assert.equal(device.lines[1]?.status.state, "Online");
    assert.ok(device.replica.age() >= 2 * hour);
  });
});

test("[RS14][DV2] servers that start behind a device tell it when they have caught up", async () => {
  await inWorld(async (world, device) => {
    const before = world.a.parts.committed();
    await world.addAccount("far", {});
    device.lines[0]?.pull();
    await world.until(() => device.replica.seen.position?.rev === world.directory.seq);
    await withoutServers(world, device);
    for (const server of [world.a, world.b]) {
      server.frozen = before;
      server.start();
    }
    await online(world, device);
    assert.equal(device.status().replication.status, "Failed");
    for (const server of [world.a, world.b]) {
      server.frozen = null;
      server.changed();
    }
    await world.until(() => device.status().replication.status === "Good");
  });
});

test("[RS13][DV5] a set other than its manifest signs is not taken", async () => {
  const changes: readonly ((piece: string) => string)[] = [
    (piece) => piece.replace('"name":"anna"', '"name":"otto"'),
    (piece) => piece.replace(/"records":\[.*\]/, '"records":[]'),
    (piece) => piece.replace(/"records":\[(.*)\]/, '"records":[$1,$1]'),
  ];
  for (const change of changes) {
    await inWorld(async (world) => {
      const dial: TestServer["dial"] = (ends) => {
        const outcome = world.a.dial(ends);
        if (outcome.outcome !== "verified") return outcome;
        const { peer } = outcome;
        const altered = (frame: Bytes): Bytes => {
          const text = Buffer.from(frame).toString();
          return text.includes('"kind":"piece"') ? Buffer.from(change(text)) : frame;
        };
        const onFrame: typeof peer.onFrame = (listener) =>
          peer.onFrame((frame) => listener(altered(frame)));
        return { outcome: "verified", peer: { ...peer, onFrame } };
      };
      const y = world.start(deviceY, { dial });
      await world.until(() =>
        y.lines.every(({ status }) => /signed|twice/.test(status.cause ?? "")),
      );
      assert.equal(y.replica.use(), "none");
      assert.deepEqual(slotFiles(world.directoryOf(deviceY)), []);
    });
  }
});

test("[RS11] bytes that are no message end the link and nothing else", async () => {
  await inWorld(async (world, device) => {
    const [atDevice, atServer] = linkPair({
      server: { kind: "server", node: world.a.parts.node },
      device: { kind: "device", device: deviceY },
      deviceFingerprint: deviceY,
    });
    const pull = { kind: "pull", nonce: "x".repeat(43), holds: null, lists: [] } as const;
    void atDevice.send(encodeMessage(pull));
    world.a.accept(atServer);
    assert.match(await atDevice.closed, /hello/);
    assert.equal(device.replica.use(), "good");
  });
});

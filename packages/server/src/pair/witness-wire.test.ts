import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, decodeUtf8 } from "@gridward/core/base/bytes";
import { nodeId, systemId } from "@gridward/core/base/identity";
import { second, type Millis } from "@gridward/core/base/time";
import type { ArbiterRecord } from "@gridward/core/domain/arbiter";
import { origin } from "@gridward/core/domain/entry";
import { aServer } from "@gridward/core/domain/fixtures";
import { emptyState } from "@gridward/core/domain/state";
import type { WitnessRow } from "@gridward/core/domain/types";
import type { LinkOutcome } from "@gridward/runtime/link/peer";
import { AFakePeer } from "./a-fake-peer.ts";
import { WitnessWire } from "./witness-wire.ts";

const row: WitnessRow = {
  id: nodeId("W"),
  address: "w.example",
  port: 5482,
  pairingKey: "A".repeat(43),
  machine: null,
  addedAt: 1,
};

const record: ArbiterRecord = {
  systemId: systemId("system"),
  version: 7,
  term: 3,
  owner: nodeId("B"),
  ackSet: [nodeId("A"), nodeId("B")],
  floor: origin,
};

class FakeWitness extends AFakePeer {
  readonly protocol = "gridward-witness/1";
  readonly name = { kind: "witness", node: row.id } as const;
  readonly asked: { readonly id: number; readonly kind: string }[] = [];

  constructor() {
    super("dial");
  }

  async send(frame: Bytes): Promise<void> {
    const text = decodeUtf8(frame);
    const found = /"id":(\d+),"request":\{"kind":"([a-z]+)"/.exec(text.ok ? text.value : "");
    this.asked.push({ id: Number(found?.[1]), kind: found?.[2] ?? "" });
  }

  answer(answer: unknown, id = this.asked.at(-1)?.id): void {
    this.receive(JSON.stringify({ id, answer }));
  }

  get kinds(): readonly string[] {
    return this.asked.map(({ kind }) => kind);
  }
}

function aWire(remembered = 0) {
  let now = 0;
  let sleepers: { readonly until: Millis; readonly wake: () => void }[] = [];
  const dials: ((outcome: LinkOutcome) => void)[] = [];
  let servers = emptyState.tables.servers.set("A", aServer("A"));
  const wire = new WitnessWire({
    self: nodeId("A"),
    systemId: () => record.systemId,
    servers: () => servers,
    remembered: () => remembered,
    dial: async () => new Promise((resolve) => dials.push(resolve)),
    clock: {
      now: () => now,
      monotonic: () => now,
      sleep: async (duration, stop) =>
        new Promise<void>((resolve) => {
          sleepers.push({ until: now + duration, wake: resolve });
          stop?.addEventListener("abort", () => resolve());
        }),
    },
    backOff: () => second,
    note: () => undefined,
  });
  const advance = async (duration: Millis): Promise<void> => {
    now += duration;
    const due = sleepers.filter(({ until }) => until <= now);
    sleepers = sleepers.filter(({ until }) => until > now);
    for (const { wake } of due) wake();
    await settled();
  };
  return {
    wire,
    advance,
    join: (name: string) => (servers = servers.set(name, aServer(name))),
    connect: async (): Promise<FakeWitness> => {
      const witness = new FakeWitness();
      const dial = dials.shift();
      assert.ok(dial, "nobody dials");
      dial({ outcome: "verified", peer: witness });
      await settled();
      return witness;
    },
  };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

test("[WT1][HS7] a question is answered once: by the witness, or as silent", async () => {
  const { wire, advance, connect } = aWire();
  wire.follow(row);
  assert.deepEqual(await wire.ask({ kind: "read" }), { kind: "silent" });
  assert.equal(wire.view?.state, "silent");
  const witness = await connect();
  assert.deepEqual(witness.kinds, ["read"]);
  witness.answer({ kind: "record", record });
  assert.equal(wire.view?.state, "connected");
  const answered = wire.ask({ kind: "read" });
  const silenced = wire.ask({ kind: "read" });
  witness.answer({ kind: "record", record }, 2);
  assert.deepEqual(await answered, { kind: "record", record });
  await advance(2 * second);
  assert.deepEqual(await silenced, { kind: "silent" });
  assert.equal(witness.closedFor, "the witness does not answer");
  await settled();
  assert.equal(wire.view?.state, "silent");
  await advance(second);
  const again = await connect();
  assert.deepEqual(again.kinds, ["read"], "it dials again by itself");
});

test("[WT2] a broken connection makes whoever waits hear nothing, at once", async () => {
  const { wire, connect } = aWire();
  wire.follow(row);
  const witness = await connect();
  const waiting = wire.ask({ kind: "read" });
  witness.close("gone");
  assert.deepEqual(await waiting, { kind: "silent" });
});

test("[WT3][HS7] a register that went back is not believed until it is filled anew", async () => {
  const { wire, connect } = aWire();
  wire.follow(row);
  const witness = await connect();
  witness.answer({ kind: "record", record });
  const older = wire.ask({ kind: "read" });
  witness.answer({ kind: "record", record: { ...record, version: 6 } });
  assert.deepEqual(await older, { kind: "silent" });
  assert.equal(wire.view?.state, "older");
  const filled = wire.ask({ kind: "read" });
  witness.answer({ kind: "record", record: { ...record, version: 1_007 } });
  assert.equal((await filled).kind, "record");
  assert.equal(wire.view.state, "connected");
  const restarted = aWire(1_007);
  restarted.wire.follow(row);
  (await restarted.connect()).answer({ kind: "record", record });
  assert.equal(restarted.wire.view?.state, "older", "also after a restart of this server");
});

test("[WT4] blank, another system and words of nobody give no right", async () => {
  const { wire, connect } = aWire();
  wire.follow(row);
  const witness = await connect();
  witness.answer({ kind: "blank" });
  assert.equal(wire.view?.state, "blank");
  const foreign = wire.ask({ kind: "read" });
  witness.answer({ kind: "record", record: { ...record, systemId: systemId("other") } });
  assert.deepEqual(await foreign, { kind: "other-system" });
  assert.equal(wire.view.state, "other-system");
  witness.answer({ kind: "record", record: { ...record, extra: 1 } });
  assert.equal(witness.closedFor, "not a reply of a witness");
});

test("[WT5] the owner of the register says who belongs to the system, nobody else does", async () => {
  const { wire, connect, join } = aWire();
  wire.follow(row);
  const witness = await connect();
  witness.answer({ kind: "record", record });
  wire.follow(row);
  await settled();
  assert.deepEqual(witness.kinds, ["read"]);
  const own = { kind: "record", record: { ...record, owner: nodeId("A") } };
  void wire.ask({ kind: "read" });
  witness.answer(own);
  wire.follow(row);
  assert.deepEqual(witness.kinds, ["read", "read", "introduce"]);
  witness.answer(own);
  wire.follow(row);
  join("C");
  wire.follow(row);
  wire.follow(row);
  assert.deepEqual(witness.kinds, ["read", "read", "introduce", "introduce"]);
});

test("[WT6] the register is looked at every five seconds, and a removed witness no more", async () => {
  const { wire, advance, connect } = aWire();
  wire.follow(row);
  const witness = await connect();
  witness.answer({ kind: "record", record });
  await settled();
  await advance(2 * second);
  await advance(3 * second);
  assert.deepEqual(witness.kinds, ["read", "read"]);
  wire.follow(undefined);
  assert.equal(wire.view, null);
  await settled();
  assert.equal(witness.closedFor, "another witness");
});

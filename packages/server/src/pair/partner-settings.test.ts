import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, decodeUtf8 } from "@gridward/core/base/bytes";
import { nodeId } from "@gridward/core/base/identity";
import { ok } from "@gridward/core/base/result";
import type { Setting } from "@gridward/core/codec/server-settings";
import { aServer, anActor } from "@gridward/core/domain/fixtures";
import { refuse } from "@gridward/core/domain/refusal";
import { emptyState } from "@gridward/core/domain/state";
import type { PairOrder } from "../event-log.ts";
import { PartnerSettings } from "./partner-settings.ts";

const [here, there] = [nodeId("A"), nodeId("B")];
const setting: Setting = { key: "backup.keep", value: 3 };

function jsonOf(frame: Bytes): unknown {
  const text = decodeUtf8(frame);
  assert.ok(text.ok);
  return JSON.parse(text.value);
}

/** Two servers with a connection between them. */
function aPair() {
  const world = { isOpen: true, isHeard: true, knows: [here, there] };
  const written: Setting[] = [];
  const orders: PairOrder[] = [];
  const sleeping: (() => void)[] = [];
  const side = (self: typeof here): PartnerSettings =>
    new PartnerSettings({
      state: () => {
        let { servers } = emptyState.tables;
        for (const id of world.knows) servers = servers.set(id, aServer(id));
        return { ...emptyState, tables: { ...emptyState.tables, servers } };
      },
      read: () => ok([setting]),
      write: (given) => {
        written.push(given);
        return given.value === null ? refuse("config.bad-value", given.key) : ok([given]);
      },
      route: () => ({
        isOpen: () => world.isOpen,
        send: async (frame) => {
          const other = self === here ? b : a;
          const back = self === here ? a : b;
          const from = self;
          const reply = (answer: Bytes): void => {
            if (world.isHeard) back.take({ from: there, json: jsonOf(answer), reply: () => {} });
          };
          other.take({ from, json: jsonOf(frame), reply });
        },
      }),
      onOrder: (order) => void orders.push(order),
      clock: {
        now: () => 0,
        monotonic: () => 0,
        sleep: async () => new Promise((done) => void sleeping.push(() => done())),
      },
    });
  const [a, b] = [side(here), side(there)];
  return { a, b, world, written, orders, sleeping };
}

test("[PST1][HS16] a partner tells its settings, and takes one in the name of who ordered it", async () => {
  const { a, written, orders } = aPair();
  assert.deepEqual(await a.ask(there), ok([setting]));
  const actor = anActor("admin");
  assert.deepEqual(await a.give(there, setting, actor), ok([setting]));
  assert.deepEqual(written, [setting]);
  const refused = await a.give(there, { ...setting, value: null }, actor);
  assert.equal(refused.ok ? "" : refused.error.code, "config.bad-value");
  assert.deepEqual(
    orders.map(({ actor: by, order, refusal }) => [by.name, order, refusal?.code]),
    [
      ["admin", "setting backup.keep = 3, via A", undefined],
      ["admin", "setting backup.keep = null, via A", "config.bad-value"],
    ],
  );
});

test("[PST2] a partner that is not connected, or says nothing for 5 s, is silent", async () => {
  const { a, world, sleeping } = aPair();
  world.isHeard = false;
  const asked = a.ask(there);
  sleeping.shift()?.();
  const outcomes = [await asked];
  world.isOpen = false;
  outcomes.push(await a.ask(there));
  for (const outcome of outcomes) {
    assert.equal(outcome.ok ? "" : outcome.error.code, "pair.partner-silent");
  }
});

test("[PST3] a server that is none of the system hears and sets nothing", async () => {
  const { a, world, written } = aPair();
  world.knows = [there];
  const outcomes = [await a.ask(there), await a.give(there, setting, anActor("admin"))];
  for (const outcome of outcomes) {
    assert.equal(outcome.ok ? "" : outcome.error.code, "pair.server-not-found");
  }
  assert.deepEqual(written, []);
});

test("[PST3] what is no frame of this conversation is left alone, and a malformed one refused", () => {
  const { a } = aPair();
  const take = (json: unknown) => a.take({ from: there, json, reply: () => {} });
  for (const json of [null, 1, {}, { kind: "hello" }]) assert.equal(take(json), undefined);
  for (const json of [
    { kind: "settings-" },
    { kind: "settings-ask", id: -1 },
    { kind: "settings-ask", id: 1, more: 1 },
    { kind: "settings-set", id: 1, setting: { key: "", value: 1 }, actor: anActor("admin") },
    { kind: "settings-set", id: 1, setting: { key: "name", value: {} }, actor: anActor("admin") },
    { kind: "settings-told", id: 1, outcome: { ok: false, error: { code: "none", detail: "" } } },
  ]) {
    assert.equal(take(json), false, JSON.stringify(json));
  }
  assert.equal(take({ kind: "settings-told", id: 9, outcome: ok([]) }), true);
});

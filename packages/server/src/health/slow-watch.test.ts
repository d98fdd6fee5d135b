import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@gridward/core/base/identity";
import { err, ok } from "@gridward/core/base/result";
import { minute, second, type Millis } from "@gridward/core/base/time";
import {
  aControl,
  at as positionAt,
  certified,
  noon,
  serverA,
  serverB,
  started,
  withPeer,
} from "@gridward/core/domain/pair/fixtures";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import { parsePaceFrame } from "./pace-frame.ts";
import { SlowWatch } from "./slow-watch.ts";

/** A Main with a valid Standby. */
function aPair(): PairState {
  const { state } = started({ control: aControl({ ackSet: [serverA, serverB] }) });
  const peer = { linkUp: true, complete: true, duty: "standby", acked: positionAt(5) } as const;
  return withPeer({ state, actions: [] }, serverB, peer).state;
}

/** A watch that is told what happens, and what it does. */
class Bench {
  readonly sent: [NodeId, unknown][] = [];
  readonly orders: string[] = [];
  readonly events: string[] = [];
  readonly watch: SlowWatch;
  pair = aPair();
  at: Millis = 100 * second;
  stood: Millis = 0;
  isRefused = false;

  constructor() {
    this.watch = new SlowWatch({
      limit: 2 * second,
      clock: { monotonic: () => this.at, now: () => noon, sleep: () => Promise.resolve() },
      pair: () => this.pair,
      nameOf: (id) => `server ${id}`,
      standstill: () => this.stood,
      route: (to) => ({
        isOpen: () => true,
        send: (frame) => {
          this.sent.push([to, JSON.parse(Buffer.from(frame).toString())]);
          return Promise.resolve();
        },
      }),
      handOver: (to, because) => {
        this.orders.push(`${to}: ${because}`);
        const refusal = { code: "pair.busy", detail: "" } as const;
        return Promise.resolve(this.isRefused ? err(refusal) : ok(null));
      },
      onSlow: (what, standing) => void this.events.push(`${what}: ${standing}`),
    });
    this.watch.tick();
  }

  async stand(time: Millis): Promise<void> {
    this.at += time;
    this.stood = time;
    this.watch.tick();
    this.stood = 0;
    await Promise.resolve();
    await Promise.resolve();
  }

  codes(): readonly string[] {
    return this.watch.alarms().map(({ code }) => code);
  }

  text(): string {
    return this.watch.alarms()[0]?.text ?? "";
  }
}

test("[GF3][GF6][HS19] a Main that stood still orders one changeover, says so, and for how long it did", async () => {
  const bench = new Bench();
  await bench.stand(1_900);
  assert.deepEqual([bench.orders, bench.codes()], [[], []]);
  await bench.stand(3_000);
  assert.deepEqual(bench.orders, [
    `server ${serverB}: it is slow: the process stood still for 3.0 s`,
  ]);
  assert.deepEqual(bench.codes(), ["server.slow-processor"]);
  assert.match(bench.text(), /stood still for 3\.0 s\. It gave the duty of Main to server /);
  bench.at += second;
  bench.watch.tick();
  assert.equal(bench.orders.length, 1, "not again while that holds");
  assert.equal(bench.events.length, 1);
  bench.at += 10 * minute;
  assert.equal(bench.codes().length, 1);
  bench.at += second;
  assert.deepEqual(bench.codes(), []);
});

test("[GF3] without a valid Standby a slow Main stays, with alarm and remedy", async () => {
  const bench = new Bench();
  bench.pair = withPeer({ state: bench.pair, actions: [] }, serverB, { linkUp: false }).state;
  await bench.stand(3_000);
  assert.deepEqual(bench.orders, []);
  assert.match(bench.text(), /there is no valid Standby/);
  assert.match(bench.watch.alarms()[0]?.remedy ?? "", /^Look /);
});

test("[GF3][GF7] a Standby that says that it is slow gets no duty from a slow Main", async () => {
  const bench = new Bench();
  const frame = { kind: "pace-slow", part: "disk", worst: 1_200 };
  assert.equal(bench.watch.take({ from: serverB, json: frame }), true);
  assert.deepEqual(bench.codes(), ["pair.partner-slow"]);
  assert.match(bench.text(), /says that it is slow: the disk took 1\.2 s/);
  await bench.stand(3_000);
  assert.deepEqual(bench.orders, []);
  assert.match(bench.text(), /every valid Standby is slow too/);
  await bench.stand(11_000);
  assert.equal(bench.orders.length, 1, "it has not said so for 10 s");
});

test("[GF4] a refused hand-over is told with its cause, and tried again after 3 s", async () => {
  const bench = new Bench();
  bench.isRefused = true;
  await bench.stand(3_000);
  assert.match(bench.text(), /could not give the duty of Main away \(pair\.busy\)/);
  await bench.stand(2_000);
  assert.equal(bench.orders.length, 1);
  await bench.stand(2_000);
  assert.equal(bench.orders.length, 2);
});

test("[GF4] who took the duty over as Standby keeps it, founding takes it of nobody", async () => {
  const bench = new Bench();
  const main = bench.pair;
  bench.pair = started({ self: serverB, control: certified() }).state;
  await bench.stand(0);
  bench.pair = main;
  await bench.stand(3_000);
  assert.deepEqual(bench.orders, []);
  assert.match(bench.text(), /took over less than 10 minutes ago/);
  await bench.stand(10 * minute);
  assert.equal(bench.orders.length, 1);
});

test("[GF6][GF7] a slow Standby orders nothing, tells its Main, and has its alarm", async () => {
  const bench = new Bench();
  const { state } = started({ self: serverB, control: certified() });
  bench.pair = withPeer({ state, actions: [] }, serverA, { linkUp: true, duty: "main" }).state;
  for (let write = 0; write < 3; write++) bench.watch.onWrite(1_100);
  await bench.stand(0);
  assert.deepEqual([bench.orders, bench.codes()], [[], ["server.slow-disk"]]);
  assert.deepEqual(bench.sent, [[serverA, { kind: "pace-slow", part: "disk", worst: 1_100 }]]);
  await bench.stand(100);
  assert.equal(bench.sent.length, 1, "not with every tick");
});

test("[GF7] a frame that is not as it should be closes the link, another is not ours", () => {
  const { watch } = new Bench();
  assert.equal(watch.take({ from: serverB, json: { kind: "submit" } }), undefined);
  assert.equal(watch.take({ from: serverB, json: null }), undefined);
  const good = { kind: "pace-slow", part: "disk", worst: 1 };
  for (const more of [{ part: "cable" }, { worst: -1 }, { worst: "1" }, { extra: 1 }]) {
    assert.equal(watch.take({ from: serverB, json: { ...good, ...more } }), false);
    assert.equal(parsePaceFrame({ ...good, ...more }).ok, false);
  }
});

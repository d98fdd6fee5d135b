import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { day, hour, minute } from "@gridward/core/base/time";
import type { AgeMark } from "@gridward/core/domain/age";
import { Freshness } from "./freshness.ts";

const noon = 1_800_000_000_000;

/** One start after another on a machine that stays on. */
class Machine {
  wall = noon;
  uptime = hour;
  kept: AgeMark | null = null;
  writes = 0;

  start(): Freshness {
    const freshness = new Freshness({
      clock: {
        now: () => this.wall,
        monotonic: () => this.uptime,
        sleep: () => Promise.resolve(),
      },
      uptime: () => ({ boot: "one", millis: this.uptime }),
      kept: this.kept,
      keep: () => {
        this.writes++;
        this.kept = freshness.mark();
      },
    });
    return freshness;
  }

  pass(time: number): void {
    this.wall += time;
    this.uptime += time;
  }
}

const fresh = { fresh: true, canSignIn: true };
const stale = { fresh: false, canSignIn: true };

function ageOf(freshness: Freshness): number {
  const node = {
    node: nodeId("A"),
    duty: "standby",
    state: "standby-connecting",
    at: noon,
  } as const;
  return freshness.aged({ ...node, ...stale, ageMs: 1 }).ageMs;
}

test("[CN5][HS1] the 14 days go on across restarts, clocks set back, and hours that were not kept", () => {
  const machine = new Machine();
  let server = machine.start();
  server.look(fresh);
  machine.pass(hour);
  server.look(fresh);
  for (let days = 0; days < 14; days++) {
    machine.pass(day);
    machine.wall -= 2 * day;
    server = machine.start();
    server.look(stale);
  }
  assert.equal(ageOf(server), 14 * day);
  assert.match(server.alarms()[0]?.text ?? "", /14 days ago, and after 14 days/);
  machine.pass(minute);
  assert.match(server.alarms()[0]?.text ?? "", /so it signs nobody in/);
  server.look(fresh);
  assert.deepEqual(server.alarms(), []);
  machine.pass(minute);
  server = machine.start();
  assert.equal(ageOf(server), minute, "that it was current again was kept at once");
});

test("[CN5] the age is kept once an hour, and not with every tick or every break of the link", () => {
  const machine = new Machine();
  const server = machine.start();
  for (let ticks = 0; ticks < 3_000; ticks++) {
    server.look(ticks % 3 === 0 ? stale : fresh);
    machine.pass(10_000);
  }
  assert.equal(machine.writes, Math.floor(30_000_000 / hour));
});

test("[CN5] where no age is known it begins with the start; a blank server has none", () => {
  const machine = new Machine();
  const server = machine.start();
  server.look({ fresh: false, canSignIn: false });
  machine.pass(2 * day);
  server.look({ fresh: false, canSignIn: false });
  assert.equal(server.mark(), null);
  server.look(stale);
  machine.pass(minute);
  assert.equal(ageOf(server), minute);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { day, minute, second } from "@gridward/core/base/time";
import type { WatchedLife } from "@gridward/core/domain/watched-lives";
import { ExpiryWatch } from "./expiry-watch.ts";

const start = Date.UTC(2027, 0, 1);

function aWatch(lives: readonly WatchedLife[]) {
  const world = { now: start, monotonic: 0, told: new Array<string>(), looks: 0 };
  const watch = new ExpiryWatch({
    lives: () => {
      world.looks += 1;
      return lives;
    },
    announce: (text) => void world.told.push(text),
    clock: { now: () => world.now, monotonic: () => world.monotonic },
  });
  const pass = (ms: number): void => {
    world.now += ms;
    world.monotonic += ms;
    watch.tick();
  };
  return { world, watch, pass };
}

function aLife(name: string, notAfter: number): WatchedLife {
  return { kind: "device", name, id: "1", notBefore: start - 600 * day, notAfter };
}

test("[EX1][CS12] each stage is told once as an event, and stands as an alarm", () => {
  const { world, watch, pass } = aWatch([aLife("Q01", start + 65 * day)]);
  pass(0);
  assert.deepEqual([world.told, watch.alarms], [[], []]);
  for (let week = 0; week < 12; week++) pass(7 * day);
  assert.deepEqual(
    world.told.map((text) => /ends within \d+ days?|has ended/.exec(text)?.[0]),
    [60, 30, 14, 7, 1]
      .map((days) => `ends within ${days} day${days === 1 ? "" : "s"}`)
      .concat("has ended"),
  );
  assert.deepEqual(
    watch.alarms.map(({ code }) => code),
    ["expiry.device"],
  );
});

test("[EX1] what stands at a start is told again, and not more than a hundred at once", () => {
  const { world, pass } = aWatch(
    Array.from({ length: 300 }, (_, index) => aLife(`Q${index}`, start)),
  );
  pass(0);
  assert.deepEqual([world.told.length, world.told.at(-1)], [101, "and 200 more"]);
  pass(minute);
  assert.equal(world.told.at(-1), "and 200 more", "now they have ended");
  pass(minute);
  assert.equal(world.told.length, 202);
});

test("[EX1] it looks once a minute, and a clock that is set back tells nothing", () => {
  const { world, pass } = aWatch([aLife("Q01", start + 20 * day)]);
  for (let step = 0; step < 61; step++) pass(second);
  assert.equal(world.looks, 2);
  const told = world.told.length;
  world.now -= 5 * day;
  pass(minute);
  assert.equal(world.told.length, told);
});

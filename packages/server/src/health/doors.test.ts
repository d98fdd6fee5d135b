import assert from "node:assert/strict";
import { test } from "node:test";
import { minute } from "@gridward/core/base/time";
import { noon } from "@gridward/core/domain/pair/fixtures";
import { connectionsMost, descriptorsKept, Doors, shareConnections } from "./doors.ts";

function sumOf(shares: ReturnType<typeof shareConnections>): number {
  return shares.https + shares.ldaps + shares.devices;
}

test("[GF9] the doors together leave the server what it needs of its descriptors", () => {
  for (let limit = descriptorsKept + 24; limit < 16_384; limit += 7) {
    assert.ok(sumOf(shareConnections(limit)) <= Math.max(24, limit - descriptorsKept), `${limit}`);
  }
  assert.deepEqual(shareConnections(1_024), { https: 288, ldaps: 288, devices: 288 });
  assert.deepEqual(shareConnections(64), { https: 8, ldaps: 8, devices: 8 });
  for (const limit of [null, 16_384, 1_048_576]) {
    assert.equal(shareConnections(limit), connectionsMost);
  }
});

test("[GF9] few descriptors, and connections that were turned away, are alarms with a remedy", () => {
  let at = 0;
  const clock = { monotonic: () => at, now: () => noon, sleep: () => Promise.resolve() };
  assert.deepEqual(new Doors(16_384, clock).alarms(), []);
  const doors = new Doors(400, clock);
  const codes = () => doors.alarms().map(({ code }) => code);
  assert.deepEqual(codes(), ["server.few-descriptors"]);
  const { most, mostOfOne, onTurnedAway } = doors.limit("ldaps");
  assert.deepEqual([most, mostOfOne], [80, 40]);
  onTurnedAway("192.0.2.7");
  onTurnedAway("192.0.2.8");
  assert.deepEqual(codes(), ["server.few-descriptors", "server.ldaps-full"]);
  const [few, full] = doors.alarms();
  assert.match(few?.text ?? "", /may open 400 files .* 80 over LDAPS/);
  assert.match(full?.text ?? "", /^2 connections to LDAPS were turned away: 80 at once/);
  assert.match(full?.remedy ?? "", /LimitNOFILE/);
  at += 10 * minute + 1;
  assert.deepEqual(codes(), ["server.few-descriptors"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { minute } from "@gridward/core/base/time";
import { aWire, beat, FakePeer, partner, refused, settled } from "./a-partner-wire.ts";

/** When and where a partner is dialled, and what is told of each direction. */

test("[WI2] a partner that called before it was known, or looked at, is dialled all the same", async () => {
  const { wire, world, outcome, wake } = aWire();
  wire.directions(partner);
  wire.accept(new FakePeer());
  wire.noteRefused(partner, refused);
  wire.setPartners([partner]);
  wire.setPartners([partner]);
  assert.deepEqual(world.dials, [partner]);
  await outcome(refused);
  await wake();
  assert.equal(world.dials.length, 2);
});

test("[WI3] each direction tells how its last try ended, and since when it is refused", async () => {
  const { wire, world, outcome, wake } = aWire();
  assert.deepEqual(wire.directions(partner), {
    dial: { verdict: "not tried" },
    accept: { verdict: "not tried" },
  });
  wire.setPartners([partner]);
  const since = (): readonly unknown[] =>
    Object.values(wire.directions(partner)).map((each) => "since" in each && each.since);
  world.now = 10;
  await outcome(refused);
  wire.noteRefused(partner, refused);
  world.now = 20;
  await wake();
  await outcome(refused);
  wire.noteRefused(partner, refused);
  assert.deepEqual(since(), [10, 10]);
  wire.noteRefused(partner, { ...refused, cause: "T04" });
  assert.deepEqual(since(), [10, 20]);
  wire.accept(new FakePeer());
  assert.equal(wire.directions(partner).accept.verdict, "ok");
});

test("[WI3] who was turned away and believes us now is dialled at once", async () => {
  const { wire, world, outcome } = aWire();
  wire.setPartners([partner]);
  await outcome(refused);
  assert.equal(world.dials.length, 1);
  wire.accept(new FakePeer());
  await settled();
  assert.equal(world.dials.length, 2);
});

test("[WI3] a partner that was turned away and tries no more is no conflict for ever", () => {
  const { wire, world } = aWire();
  wire.noteRefused(partner, refused);
  world.now = 2 * minute;
  assert.equal(wire.directions(partner).accept.verdict, "refused");
  world.now++;
  assert.equal(wire.directions(partner).accept.verdict, "not tried");
});

test("[WI3][HS6] a try before a changeover is a dial of that moment", async () => {
  const { wire, world, outcome, kinds } = aWire();
  const [before, peer] = [new FakePeer("dial"), new FakePeer("dial")];
  wire.setPartners([partner]);
  await outcome({ outcome: "verified", peer: before });
  const tried = wire.tryDial(partner);
  await outcome({ outcome: "verified", peer });
  assert.equal((await tried).outcome, "verified");
  // The partner ends the one before; the link goes on over the new one, and nothing is dialled.
  before.close("replaced by a newer connection");
  await settled();
  assert.deepEqual(kinds(), ["link-up", "link-down", "link-up"]);
  assert.equal(peer.closedFor, undefined);
  assert.equal(world.dials.length, 2);
  const again = wire.tryDial(partner);
  await outcome(refused);
  assert.equal((await again).outcome, "refused");
  assert.equal(wire.directions(partner).dial.verdict, "refused");
});

test("[WI9][HS7] a refusal is a sign of life, a network that carries nothing is none", async () => {
  const { wire, outcome, wake, kinds } = aWire();
  wire.setPartners([partner]);
  await outcome({ ...refused, cause: "T17" });
  assert.equal(kinds().includes("partner-answered"), false);
  await wake();
  await outcome(refused);
  assert.equal(kinds().includes("partner-answered"), true);
});

test("[WI7][HS15] the main address is dialled first, then the backup, then there is a pause", async () => {
  const { wire, world, outcome, wake } = aWire();
  world.hasBackup = true;
  wire.setPartners([partner]);
  await outcome(refused);
  await outcome({ ...refused, cause: "T17" });
  assert.deepEqual(world.ways, ["main", "backup"]);
  assert.equal(wire.dialledOver(partner), null);
  const { dial } = wire.directions(partner);
  assert.equal(dial.verdict === "refused" && dial.cause, "T03", "told of the main address");
  await wake();
  await outcome(refused);
  await outcome({ outcome: "verified", peer: new FakePeer("dial") });
  assert.deepEqual(world.ways, ["main", "backup", "main", "backup"]);
  assert.equal(wire.dialledOver(partner)?.way, "backup");
  assert.equal(wire.directions(partner).dial.verdict, "ok");
});

test("[WI8][HS15] a link over the backup is replaced as soon as the main address answers", async () => {
  const { wire, world, outcome, wake, kinds } = aWire();
  world.hasBackup = true;
  wire.setPartners([partner]);
  const [backup, main] = [new FakePeer("dial"), new FakePeer("dial")];
  await outcome(refused);
  await outcome({ outcome: "verified", peer: backup });
  await wake();
  await outcome(refused);
  assert.equal(backup.closedFor, undefined);
  await wake();
  await outcome({ outcome: "verified", peer: main });
  assert.equal(backup.closedFor, "the main address answers again");
  assert.equal(wire.dialledOver(partner)?.way, "main");
  assert.deepEqual(kinds(), ["link-up", "link-down", "link-up"]);
  wire.send(partner, beat);
  assert.deepEqual([backup.sent.length, main.sent.length], [0, 1]);
  assert.deepEqual(world.ways, ["main", "backup", "main", "main"]);
});

test("[WI8] a link over the backup that ends is dialled anew, the main address first", async () => {
  const { wire, world, outcome, wake } = aWire();
  world.hasBackup = true;
  wire.setPartners([partner]);
  const backup = new FakePeer("dial");
  await outcome(refused);
  await outcome({ outcome: "verified", peer: backup });
  backup.close("gone");
  await settled();
  assert.equal(wire.dialledOver(partner), null);
  await wake(); // The look at the main address, which is over.
  await wake();
  assert.deepEqual(world.ways, ["main", "backup", "main"]);
});

test("[WI12][CS9] a partner that refuses is asked again within 5 s, one that is not reached after the usual pause", async () => {
  const { wire, world, outcome, wake } = aWire();
  world.backOff = 60_000;
  wire.setPartners([partner]);
  for (let tries = 0; tries < 3; tries++) {
    await outcome(refused);
    await wake();
  }
  await outcome({ ...refused, cause: "T17" });
  assert.deepEqual(world.pauses, [5_000, 5_000, 5_000, 60_000]);
  assert.equal(world.dials.length, 4);
});

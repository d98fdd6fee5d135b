import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "@gridward/core/base/bytes";
import { anEntry, at } from "@gridward/core/domain/pair/fixtures";
import { aWire, beat, FakePeer, partner, refused, settled, textOf } from "./a-partner-wire.ts";

/** What goes over a connection to a partner, and over which one. */

test("[WI1] all goes over one connection until that ends, then over the other", async () => {
  const { wire, outcome, kinds } = aWire();
  wire.setPartners([partner]);
  const [dialled, accepted] = [new FakePeer("dial"), new FakePeer()];
  await outcome({ outcome: "verified", peer: dialled });
  wire.accept(accepted);
  wire.send(partner, beat);
  assert.deepEqual([dialled.sent.length, accepted.sent.length], [1, 0]);
  assert.deepEqual(kinds(), ["link-up"]);
  dialled.close("gone");
  await settled();
  assert.deepEqual(kinds(), ["link-up", "link-down", "link-up"]);
  wire.send(partner, beat);
  assert.deepEqual([dialled.sent.length, accepted.sent.length], [1, 1]);
  accepted.close("gone");
  await settled();
  assert.deepEqual(kinds().slice(3), ["link-down"]);
});

/** Two connections, the partner's turns on them told, and how many messages were heard. */
async function twoTurns(first: [number, string?], second: [number, string?]) {
  const { wire, outcome, kinds } = aWire();
  wire.setPartners([partner]);
  const [one, other] = [new FakePeer("dial"), new FakePeer()];
  await outcome({ outcome: "verified", peer: one });
  wire.accept(other);
  one.beginTurn(...first);
  other.beginTurn(...second);
  const heard = (): number => kinds().filter((kind) => kind === "message").length;
  return { one, other, heard };
}

test("[WI10] what a connection still brings after its partner sends on another is not heard", async () => {
  const { one, other, heard } = await twoTurns([1], [2]);
  one.say();
  other.say();
  assert.equal(heard(), 2);
  assert.equal(one.closedFor, "the partner sends on another connection");
  one.say();
  assert.equal(heard(), 2);
  other.say();
  assert.deepEqual([heard(), other.closedFor], [3, undefined]);
});

test("[WI10] a connection that is read late, for the first time, silences none that came after it", async () => {
  const { one, other, heard } = await twoTurns([1], [2]);
  other.say();
  one.say();
  assert.equal(heard(), 1);
  assert.equal(one.closedFor, "the partner sends on another connection");
  other.say();
  assert.deepEqual([heard(), other.closedFor], [2, undefined]);
});

test("[WI10] the turns of another start of the partner follow those of the one before", async () => {
  const { one, other, heard } = await twoTurns([7, "1"], [1, "2"]);
  one.say();
  other.say();
  one.say();
  other.say();
  assert.equal(heard(), 3);
});

test("[WI10] our own turns rise from connection to connection, also to a partner that was removed", async () => {
  const { wire } = aWire();
  const [first, second, third] = [new FakePeer(), new FakePeer(), new FakePeer()];
  wire.accept(first);
  wire.accept(second);
  assert.deepEqual(second.turns, []);
  await settled();
  wire.keepOnly([], "it was removed");
  wire.accept(third);
  const turns = [first, second, third].flatMap((peer) => peer.turns);
  assert.deepEqual(
    turns,
    [1, 2, 3].map((turn) => JSON.stringify({ kind: "turn", run: "A", turn })),
  );
});

test("[WI4][WI10] a message before its turn, a second turn and one of another shape end their connection", () => {
  for (const texts of [
    ['{"kind":"leaving"}'],
    ['{"kind":"turn","run":"1","turn":1}', '{"kind":"turn","run":"1","turn":2}'],
    ['{"kind":"turn","run":"1","turn":0}'],
    ['{"kind":"turn","run":"1","turn":1,"more":1}'],
  ]) {
    const { wire, kinds } = aWire();
    const peer = new FakePeer();
    wire.accept(peer);
    for (const text of texts) peer.receive(text);
    assert.notEqual(peer.closedFor, undefined, texts.join());
    assert.deepEqual(kinds(), ["link-up"]);
  }
});

test("[WI1] a route ends with its connection and goes on over no other", async () => {
  const { wire } = aWire();
  const [first, second] = [new FakePeer(), new FakePeer()];
  wire.accept(first);
  const route = wire.route(partner);
  await route.send(utf8("one"));
  wire.accept(second);
  await settled();
  await route.send(utf8("two"));
  assert.equal(first.closedFor, "replaced by a newer connection");
  assert.deepEqual([route.isOpen(), first.sent.length, second.sent.length], [false, 1, 0]);
});

test("[WI11][HS14] who is no partner any more is dialled, heard and waited for no longer", async () => {
  const { wire, world, outcome, wake, kinds } = aWire();
  wire.setPartners([partner]);
  const [dialled, accepted] = [new FakePeer("dial"), new FakePeer()];
  await outcome({ outcome: "verified", peer: dialled });
  wire.accept(accepted);
  wire.keepOnly([partner], "kept");
  assert.equal(dialled.closedFor, undefined);
  wire.keepOnly([], "it was removed");
  assert.deepEqual([dialled.closedFor, accepted.closedFor], ["it was removed", "it was removed"]);
  const told = ["link-up", "link-down", "partner-removed"];
  assert.deepEqual(kinds(), told);
  dialled.say();
  await settled();
  await wake();
  assert.deepEqual([kinds(), world.dials.length], [told, 1]);
});

test("[WI11][HS14] a dial that ends after the removal tells nothing and keeps no connection", async () => {
  const { wire, outcome, kinds } = aWire();
  wire.setPartners([partner]);
  wire.keepOnly([], "it was removed");
  const late = new FakePeer("dial");
  await outcome({ outcome: "verified", peer: late });
  assert.notEqual(late.closedFor, undefined);
  wire.setPartners([partner]);
  wire.keepOnly([], "it was removed");
  await outcome({ ...refused, cause: "T03", fromPartner: true });
  assert.equal(kinds().includes("partner-answered"), false);
});

test("[WI4] what is no message ends its connection, and nothing behind it is read", async () => {
  for (const text of ["{", '{"kind":"other"}', "\u0000"]) {
    const { wire, kinds } = aWire();
    const peer = new FakePeer();
    wire.accept(peer);
    peer.beginTurn(1);
    peer.say();
    peer.receive(text);
    peer.say();
    assert.notEqual(peer.closedFor, undefined);
    assert.deepEqual(kinds(), ["link-up", "message"]);
  }
});

test("[WI4] a bad piece of a first pass ends its connection", async () => {
  const { wire, world } = aWire();
  const peer = new FakePeer();
  wire.accept(peer);
  peer.receive('{"kind":"first-pass-end"}');
  assert.equal(peer.closedFor, undefined);
  world.isPiece = false;
  peer.receive('{"kind":"first-pass-end"}');
  peer.receive('{"kind":"first-pass-end"}');
  assert.deepEqual([world.pieces, peer.closedFor], [2, "bad first pass"]);
  await settled();
  assert.deepEqual(world.ended, [peer]);
});

test("[WI5] entries that fit in no frame go in several, in order", () => {
  const { wire, notes } = aWire();
  const peer = new FakePeer();
  wire.accept(peer);
  const large = { kind: "group-deleted", id: "x".repeat(1_500_000) };
  const entries = [1, 2, 3, 4, 5].map((seq) => ({
    ...anEntry(at(seq), at(seq - 1)),
    answer: { id: large.id },
  }));
  wire.send(partner, { kind: "entries", term: 1, entries, committed: 0 });
  const numbers = peer.sent.map((frame) =>
    [...textOf(frame).matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq)),
  );
  assert.deepEqual(numbers.flat(), [1, 2, 3, 4, 5]);
  assert.ok(peer.sent.length > 1 && peer.sent.every((frame) => frame.length <= 4 * 1024 * 1024));
  const [one] = entries;
  if (!one) throw new Error("there is one");
  const huge = { ...one, answer: { id: "x".repeat(5_000_000) } };
  wire.send(partner, { kind: "entries", term: 1, entries: [huge], committed: 0 });
  assert.equal(notes.length, 1);
});

test("[WI6] after the stop nothing is dialled, and what was being dialled is closed", async () => {
  const { wire, world, outcome, wake } = aWire();
  wire.setPartners([partner]);
  wire.closeAll("stops");
  const peer = new FakePeer("dial");
  await outcome({ outcome: "verified", peer });
  await wake();
  assert.equal(peer.closedFor, "this server stops");
  assert.equal(world.dials.length, 1);
  const late = new FakePeer();
  wire.accept(late);
  assert.equal(late.closedFor, "this server stops");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, decodeUtf8, utf8 } from "@gridward/core/base/bytes";
import { type NodeId, nodeId } from "@gridward/core/base/identity";
import { err, ok } from "@gridward/core/base/result";
import { minute } from "@gridward/core/base/time";
import type { PairEvent } from "@gridward/core/domain/pair/event";
import { anEntry, at } from "@gridward/core/domain/pair/fixtures";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import type { LinkOutcome, VerifiedPeer } from "@gridward/runtime/link/peer";
import { PartnerWire, type Way } from "./partner-wire.ts";

const partner = nodeId("B");
const refused = {
  outcome: "refused",
  cause: "T03",
  by: "them",
  direction: "dial",
  ours: "presents A",
  theirs: "refuses it",
  fromPartner: true,
  address: "",
} as const satisfies LinkOutcome;

/** The near end of a connection whose far end is the test. */
class FakePeer implements VerifiedPeer {
  readonly protocol = "gridward-partner/1";
  readonly name = { kind: "server", node: partner } as const;
  readonly direction: "dial" | "accept";
  readonly fingerprint = "f".repeat(64);
  readonly certificateNotAfter = 1;
  readonly address = "";
  readonly closed: Promise<string>;
  readonly sent: Bytes[] = [];
  closedFor: string | undefined;
  #listener: ((frame: Bytes) => void) | undefined;
  readonly #end: (reason: string) => void;

  constructor(direction: "dial" | "accept" = "accept") {
    this.direction = direction;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.closed = promise;
    this.#end = resolve;
  }

  async send(frame: Bytes): Promise<void> {
    this.sent.push(frame);
  }

  onFrame(listener: (frame: Bytes) => void): void {
    this.#listener = listener;
  }

  close(reason: string): void {
    this.closedFor ??= reason;
    this.#end(reason);
  }

  receive(text: string): void {
    this.#listener?.(utf8(text));
  }

  /** Kinds of the messages that went out here. */
  get kinds(): readonly string[] {
    return this.sent.map((frame) => /"kind":"([a-z-]+)"/.exec(textOf(frame))?.[1] ?? "");
  }
}

function textOf(frame: Bytes): string {
  const text = decodeUtf8(frame);
  return text.ok ? text.value : "";
}

function aWire() {
  const delivered: PairEvent[] = [];
  const dials: NodeId[] = [];
  const ended: object[] = [];
  const ways: Way[] = [];
  const world = { now: 0, dials, ways, hasBackup: false, pieces: 0, isPiece: true, ended };
  const notes: string[] = [];
  const dialling: ((outcome: LinkOutcome) => void)[] = [];
  const sleeping: (() => void)[] = [];
  const wire = new PartnerWire({
    dial: (id, way) => {
      world.dials.push(id);
      world.ways.push(way);
      const { promise, resolve } = Promise.withResolvers<LinkOutcome>();
      dialling.push(resolve);
      return promise;
    },
    hasBackup: () => world.hasBackup,
    deliver: (event) => void delivered.push(event),
    parse: (json) =>
      typeof json === "object" && json !== null && "kind" in json && json.kind === "leaving"
        ? ok({ kind: "leaving", term: 1, reason: "" } satisfies PairMessage)
        : err("no message"),
    isFirstPass: (text) => text.includes("first-pass"),
    takeFirstPass: () => {
      world.pieces++;
      return world.isPiece;
    },
    takeOther: () => undefined,
    onClosed: (link) => void world.ended.push(link),
    clock: {
      now: () => world.now,
      monotonic: () => world.now,
      sleep: (_, stop) =>
        new Promise((done) => {
          sleeping.push(() => done());
          stop?.addEventListener("abort", () => done());
        }),
    },
    backOff: () => 1,
    note: (text) => void notes.push(text),
  });
  const outcome = async (each: LinkOutcome): Promise<void> => {
    dialling.shift()?.(each);
    await settled();
  };
  const wake = async (): Promise<void> => {
    sleeping.shift()?.();
    await settled();
  };
  const kinds = (): readonly string[] => delivered.map(({ kind }) => kind);
  return { wire, world, notes, outcome, wake, kinds };
}

async function settled(): Promise<void> {
  await new Promise((done) => setImmediate(done));
}

const beat: PairMessage = { kind: "handover-cancel", term: 1, round: 1 };

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

test("[WI10] what a connection still brings after its partner sends on another is not heard", async () => {
  const { wire, outcome, kinds } = aWire();
  wire.setPartners([partner]);
  const [left, next] = [new FakePeer("dial"), new FakePeer()];
  await outcome({ outcome: "verified", peer: left });
  wire.accept(next);
  left.receive('{"kind":"leaving"}');
  next.receive('{"kind":"leaving"}');
  left.receive('{"kind":"leaving"}');
  next.receive('{"kind":"leaving"}');
  assert.deepEqual(kinds(), ["link-up", "message", "message", "message"]);
  const newest = new FakePeer();
  wire.accept(newest);
  newest.receive('{"kind":"leaving"}');
  next.receive('{"kind":"leaving"}');
  assert.equal(kinds().filter((kind) => kind === "message").length, 4);
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
  dialled.receive('{"kind":"leaving"}');
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

test("[WI4] what is no message ends its connection, and nothing behind it is read", async () => {
  for (const text of ["{", '{"kind":"other"}', "\u0000"]) {
    const { wire, kinds } = aWire();
    const peer = new FakePeer();
    wire.accept(peer);
    peer.receive('{"kind":"leaving"}');
    peer.receive(text);
    peer.receive('{"kind":"leaving"}');
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

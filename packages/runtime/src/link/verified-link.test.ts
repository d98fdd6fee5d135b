import assert from "node:assert/strict";
import { test } from "node:test";
import { sameBytes, type Bytes } from "@gridward/core/base/bytes";
import { day } from "@gridward/core/base/time";
import { runSoon, systemClock } from "../os/clock.ts";
import { fingerprintOf, notAfterOf } from "../trust/x509/read.ts";
import { dialLink } from "./dial.ts";
import { frameBytesMax } from "./peer.ts";
import { brief, dialOptions, manualClock, testServer, withTemporary } from "./test-link.ts";
import { patience, a, b, opened, pair, receive, idle } from "./test-ends.ts";

test(
  "[LK2][PK9] two oks and two proofs make a verified peer, by name, on both sides",
  patience,
  async (t) => {
    const { dialled, accepted } = await pair(t);
    assert.deepEqual(dialled.name, { kind: "server", node: b.node });
    assert.deepEqual(accepted.name, { kind: "server", node: a.node });
    assert.deepEqual([dialled.direction, accepted.direction], ["dial", "accept"]);
    assert.equal(dialled.fingerprint, fingerprintOf(b.certificate));
    assert.equal(accepted.fingerprint, fingerprintOf(a.certificate));
    assert.equal(accepted.certificateNotAfter, notAfterOf(a.certificate));
  },
);

test(
  "[LK7] frames of every size arrive whole and in order, both ways at once",
  patience,
  async (t) => {
    const { dialled, accepted } = await pair(t);
    const frames = [0, 1, 100, 20_000, 70_000, frameBytesMax, 3].map((size, index) =>
      new Uint8Array(size).fill(index),
    );
    // Sent before anybody listens: nothing may be lost.
    const sent = Promise.all([
      ...frames.map((one) => dialled.send(one)),
      accepted.send(frames[2] ?? new Uint8Array(0)),
    ]);
    const same = (got: readonly Bytes[], wanted: readonly Bytes[]): boolean =>
      got.length === wanted.length &&
      got.every((frame, index) => sameBytes(frame, wanted[index] ?? new Uint8Array(9)));
    assert.ok(same(await receive(accepted, frames.length), frames));
    assert.ok(same(await receive(dialled, 1), frames.slice(2, 3)));
    await sent;
  },
);

test(
  "[LK7] a close is told to both sides, and what was queued before it arrives",
  patience,
  async (t) => {
    const { dialled, accepted } = await pair(t);
    void dialled.send(new Uint8Array(300_000));
    dialled.close("changeover");
    const [frame] = await receive(accepted, 1);
    assert.equal(frame?.length, 300_000);
    assert.equal(await dialled.closed, "changeover");
    assert.equal(await accepted.closed, "the peer closed the connection");
    await dialled.send(new Uint8Array(1)); // Never rejects.
  },
);

test(
  "[LK7] what a peer said before it died is read to its end, though it takes no answer any more",
  patience,
  async () => {
    const server = await testServer(b, a);
    const outcome = await dialLink(dialOptions(a, b, server.port));
    assert.ok(outcome.outcome === "verified");
    const peer = await server.peer();
    for (let count = 0; count < 18; count++) void peer.send(new Uint8Array(10_000));
    await idle();
    await server.close();
    // As by a process that stood still meanwhile: it has more to say before it comes to listening.
    void outcome.peer.send(new Uint8Array(1));
    runSoon(() => void outcome.peer.send(new Uint8Array(1)));
    let heard = 0;
    outcome.peer.onFrame(() => heard++);
    await outcome.peer.closed;
    assert.equal(heard, 18);
  },
);

test(
  "[LK7] frames that take long leave the process its turn, and stay in order",
  patience,
  async (t) => {
    const { dialled, accepted } = await pair(t);
    for (let index = 0; index < 8; index++) void dialled.send(new Uint8Array(index));
    await idle();
    const heard: number[] = [];
    let turns = 0;
    const count = (): void => {
      turns++;
      if (heard.length < 8) runSoon(count);
    };
    accepted.onFrame((frame) => {
      if (heard.length === 0) runSoon(count);
      heard.push(frame.length);
      const until = performance.now() + 60;
      while (performance.now() < until); // As a slow disk does.
    });
    await idle();
    while (heard.length < 8) await idle();
    assert.deepEqual(heard, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.ok(turns >= 3, `${turns} turns`);
  },
);

test(
  "[LK7] a peer that takes nothing is closed when too much waits for it",
  patience,
  async (t) => {
    const { dialled } = await pair(t);
    const piece = new Uint8Array(frameBytesMax);
    const waiting = Array.from({ length: 24 }, () => dialled.send(piece));
    assert.equal(await dialled.closed, "the peer is too slow");
    await Promise.all(waiting);
  },
);

test("[LK7] a peer that takes nothing for 20 s is closed", patience, async (t) => {
  const server = await opened(t, testServer(b, a));
  const clock = manualClock(systemClock().now());
  const outcome = await dialLink({ ...dialOptions(a, b, server.port), clock });
  assert.ok(outcome.outcome === "verified");
  await server.peer();
  const waiting = Array.from({ length: 6 }, () => outcome.peer.send(new Uint8Array(frameBytesMax)));
  await idle();
  clock.advance(20_000); // What the buffers took counts as progress of the first period.
  await idle();
  clock.advance(20_000);
  assert.equal(await outcome.peer.closed, "the peer is too slow");
  await Promise.all(waiting);
});

test("[LK8] no connection grows older than a day", patience, async (t) => {
  const server = await opened(t, testServer(b, a));
  const clock = manualClock(systemClock().now());
  const outcome = await dialLink({ ...dialOptions(a, b, server.port), clock });
  assert.ok(outcome.outcome === "verified");
  const accepted = await server.peer();
  accepted.onFrame(() => undefined);
  clock.advance(day);
  assert.equal(await accepted.closed, "the peer closed the connection");
  clock.advance(1000);
  assert.equal(await outcome.peer.closed, "the connection is a day old");
});

test(
  "[LK13] a new certificate is used at the next connection, without a restart",
  patience,
  async (t) => {
    let identity = withTemporary(b);
    const server = await opened(t, testServer(b, a, { identity: () => identity }));
    assert.equal(brief(await dialLink(dialOptions(a, b, server.port))), "T01 by us");
    identity = b;
    server.refresh();
    const outcome = await dialLink(dialOptions(a, b, server.port));
    assert.ok(outcome.outcome === "verified", brief(outcome));
    outcome.peer.close("end of test");
  },
);

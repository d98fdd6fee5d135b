import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import type { Bytes } from "@gridward/core/base/bytes";
import { encodeProof, encodeVerdict } from "@gridward/core/codec/link-message";
import { systemClock } from "../os/clock.ts";
import { dialLink } from "./dial.ts";
import { contextOptions } from "./identity.ts";
import { unverifiedFrameBytesMax } from "./peer.ts";
import { a, b, once, opened, patience, until } from "./test-ends.ts";
import { listening } from "../trust/test-listening.ts";
import { brief, dialOptions, manualClock, testServer, validating } from "./test-link.ts";
import { UnverifiedPeer } from "./unverified-peer.ts";
import { verifyPeer } from "./verify.ts";

const verdict = encodeVerdict({ v: 1, verdict: "ok", nonce: "n".repeat(22), id: b.node });

/** A server with a good certificate, and what it says in place of the words of the link. */
function foreignServer(talk: (peer: UnverifiedPeer) => void) {
  const options = { ...contextOptions(b), ALPNProtocols: ["gridward-partner/1"] };
  return createServer({ ...options, requestCert: true, rejectUnauthorized: false }, (socket) => {
    talk(new UnverifiedPeer(socket));
  });
}

test(
  "[LK16][CS9] a server that is too slow to prove its key is not reached, and no other peer",
  patience,
  async (t) => {
    const clock = manualClock(systemClock().now());
    const { promise: asked, resolve } = Promise.withResolvers<undefined>();
    const server = foreignServer((peer) => {
      peer.send(verdict);
      // The verdict and the proof of who dials: now only ours is missing.
      void peer.receive(unverifiedFrameBytesMax).then(async () => {
        await peer.receive(unverifiedFrameBytesMax);
        resolve(undefined);
      });
    });
    const port = await listening(t, server);
    const dialled = dialLink({ ...dialOptions(a, b, port), clock });
    await asked;
    clock.advance(5_000);
    const outcome = await dialled;
    assert.equal(brief(outcome), "T17 by them");
    assert.ok(outcome.outcome === "refused");
    assert.equal(outcome.theirs, "ended before its proof: no answer in time");
  },
);

test("[LK16] a false word in place of the proof is T16", patience, async (t) => {
  for (const word of [encodeProof({ v: 1, proof: "accepted" }), new Uint8Array(513)]) {
    const server = foreignServer((peer) => {
      peer.send(verdict);
      peer.send(word);
    });
    const port = await listening(t, server);
    assert.equal(brief(await dialLink(dialOptions(a, b, port))), "T16 by us");
  }
});

/** One end of a connection that breaks in place of the word of this number. */
class BreakingPeer extends UnverifiedPeer {
  #left: number;

  constructor(socket: TLSSocket, words: number) {
    super(socket);
    this.#left = words;
  }

  override send(frame: Bytes): void {
    if (this.#left-- > 0) super.send(frame);
    else this.socket.destroy();
  }
}

/** Dials with everything that proves A, and breaks off after so many words. */
async function breakOff(port: number, words: number): Promise<void> {
  const socket = connect({
    ...contextOptions(a),
    port,
    host: "127.0.0.1",
    ALPNProtocols: ["gridward-partner/1"],
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  await once(socket, "secureConnect");
  const { partnerKey, expectedNode } = dialOptions(a, b, port);
  await verifyPeer({
    peer: new BreakingPeer(socket, words),
    protocol: "gridward-partner/1",
    direction: "dial",
    identity: a,
    settings: validating,
    admission: { partnerKey: () => partnerKey ?? undefined, isEnrolled: () => false },
    expectedNode,
    clock: systemClock(),
  });
}

test("[LK16][CS9] a partner that breaks off in calling us is told as T17", patience, async (t) => {
  const server = await opened(t, testServer(b, a));
  await breakOff(server.port, 1);
  await until(() => server.strangers().get("T17") === 1);
  await breakOff(server.port, 2);
  const outcome = await server.refused();
  assert.deepEqual([brief(outcome), outcome.caller], ["T17 by them", a.node]);
  assert.equal(server.strangers().get("T16"), undefined);
});

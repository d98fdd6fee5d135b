import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { connect, createServer, type SecureContextOptions, type TLSSocket } from "node:tls";
import { nodeId } from "@gridward/core/base/identity";
import type { Bytes } from "@gridward/core/base/bytes";
import { encodeFrame, FrameReader } from "@gridward/core/codec/link-frame";
import { decodeVerdict } from "@gridward/core/codec/link-message";
import { systemClock } from "../os/clock.ts";
import { freshId } from "../os/random.ts";
import { keyToPem } from "../trust/x509/keys.ts";
import { dialContact, dialLink } from "./dial.ts";
import { frameBytesMax, unverifiedFrameBytesMax } from "./peer.ts";
import type { Contact } from "./serve.ts";
import { brief, dialOptions, manualClock, testServer, trustedAuthority } from "./test-link.ts";
import { patience, a, b, careless, opened, talk, once, idle, until } from "./test-ends.ts";
import { listening } from "../trust/test-listening.ts";

// A relay without the keys of either end, between two servers that validate no certificates: only
// the proof over this very connection tells it from the partner. Under TLS 1.2 nothing proves it.
for (const [version, heard, verdict] of [
  ["TLSv1.2", "T11 by us", "refused"],
  ["TLSv1.3", "T16 by them", "ok"],
] as const) {
  test(
    `[LK3][LK19] a two-sided relay gets no frame beyond verdict and proof (${version}: ${heard})`,
    patience,
    async (t) => {
      const server = await opened(
        t,
        testServer(b, a, {
          settings: () => careless,
          onPeer: () => assert.fail("believed a relay"),
        }),
      );
      const relayed: Bytes[] = [];
      const relay = await openRelay(t, server.port, version, relayed);
      const options = { ...dialOptions(a, b, relay), settings: careless };
      const outcome = await dialLink(options);
      assert.equal(brief(outcome), heard);
      await until(() => server.strangers().size === 1);
      const kinds = relayed.map(
        (frame) => String(Buffer.from(frame)).match(/"(verdict|proof)":"[a-z]+"/)?.[0],
      );
      assert.equal(kinds.length, 4);
      assert.deepEqual(
        new Set(kinds),
        new Set([`"verdict":"${verdict}"`, '"proof":"signature"', '"proof":"refused"']),
      );
    },
  );
}

test(
  "[LK3] the same relay cannot pretend with a certificate that the system issued",
  patience,
  async (t) => {
    const server = await opened(t, testServer(b, a));
    const relay = await openRelay(t, server.port, "TLSv1.3", []);
    assert.equal(brief(await dialLink(dialOptions(a, b, relay))), "T05 by us");
  },
);

test(
  "[LK1] frames behind a verdict are not looked at, and a first frame over 512 bytes ends it",
  patience,
  async (t) => {
    const server = await opened(
      t,
      testServer(b, a, { onPeer: () => assert.fail("believed a stranger") }),
    );
    for (const first of [
      encodeFrame(new Uint8Array(unverifiedFrameBytesMax + 1)),
      encodeFrame(Buffer.from("{}")),
      Buffer.concat([encodeFrame(Buffer.from('{"v":1}')), encodeFrame(new Uint8Array(1000))]),
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    ]) {
      const answer = await talk(server.port, first);
      // It says its own verdict and nothing else.
      const reader = new FrameReader();
      reader.push(answer);
      const taken = reader.take(unverifiedFrameBytesMax);
      assert.ok(taken.ok && taken.value !== undefined && decodeVerdict(taken.value).ok);
      assert.equal(reader.held, 0);
    }
  },
);

test("[LK2] verified peers are made in one place", () => {
  const folder = import.meta.dirname;
  const makers = readdirSync(folder)
    .filter((file) => file.endsWith(".ts") && !file.includes("test"))
    .filter((file) => readFileSync(join(folder, file), "utf8").includes("new VerifiedLink("));
  assert.deepEqual(makers, ["verify.ts"]);
});

test(
  "[LK5] the fifth unverified connection of one address is closed, and all after 5 s",
  patience,
  async (t) => {
    const clock = manualClock(systemClock().now());
    const server = await opened(t, testServer(b, a, { clock }));
    const plain = Array.from({ length: 4 }, () => connectPlain(server.port, "127.0.0.1"));
    await Promise.all(plain.map(async (socket) => once(socket, "connect")));
    await idle();
    const fifth = connectPlain(server.port, "127.0.0.1");
    fifth.on("error", () => undefined);
    await once(fifth, "close");
    assert.equal(server.strangers().get("T17"), 1);
    const closed = Promise.all(
      plain.map(async (socket) => once(socket.on("error", () => undefined).resume(), "close")),
    );
    clock.advance(5000);
    await closed;
    const outcome = await dialLink(dialOptions(a, b, server.port));
    assert.ok(outcome.outcome === "verified", brief(outcome));
    outcome.peer.close("end of test");
  },
);

test("[LK5] a verified connection is not counted as pending", patience, async (t) => {
  const server = await opened(t, testServer(b, a));
  for (let count = 0; count < 6; count++) {
    const outcome = await dialLink(dialOptions(a, b, server.port));
    assert.ok(outcome.outcome === "verified", brief(outcome));
    t.after(() => outcome.peer.close("end of test"));
    await server.peer();
  }
});

test(
  "[LK11] first contact is TLS 1.3 only, one frame, and longer only once admitted",
  patience,
  async (t) => {
    const contacts: Contact[] = [];
    const server = await opened(
      t,
      testServer(b, undefined, {
        async onContact(contact) {
          contacts.push(contact);
          contact.peer.send(Buffer.from("proof"));
          const heard = await contact.peer.receive(unverifiedFrameBytesMax);
          contact.peer.send(heard ?? Buffer.from("nothing"));
        },
      }),
    );
    const place = {
      address: "127.0.0.1",
      port: server.port,
      clock: systemClock(),
      stop: new AbortController().signal,
    };
    const told = await dialContact(place, async (peer) => {
      const first = await peer.receive(1024);
      assert.equal(String(Buffer.from(first ?? [])), "proof");
      peer.send(Buffer.from("hello"));
      const echoed = await peer.receive(1024);
      assert.deepEqual(contacts[0]?.peer.exporter, peer.exporter);
      return String(Buffer.from(echoed ?? []));
    });
    assert.deepEqual(told, { ok: true, value: "hello" });
    const old = connect({
      host: "127.0.0.1",
      port: server.port,
      rejectUnauthorized: false,
      ALPNProtocols: ["gridward-diag/1"],
      maxVersion: "TLSv1.2",
    });
    old.on("error", () => undefined);
    await once(old.resume(), "close");
    assert.equal(contacts.length, 1);
    assert.equal(server.strangers().get("T11"), 1);
  },
);

test(
  "[LK15] what a contact is known by outlives its connection, which may end in the middle of a word",
  patience,
  async (t) => {
    const exporters: Bytes[] = [];
    const server = await opened(
      t,
      testServer(b, a, {
        async onContact({ peer }) {
          const gone = once(peer.socket, "close");
          peer.socket.destroy();
          await gone;
          exporters.push(peer.exporter);
        },
      }),
    );
    const { clock, stop } = dialOptions(a, b, server.port);
    const place = { address: "127.0.0.1", port: server.port, clock, stop };
    const told = await dialContact(place, async (peer) => {
      const gone = await peer.receive(unverifiedFrameBytesMax);
      return { gone, exporter: peer.exporter };
    });
    await until(() => exporters.length === 1);
    assert.deepEqual(told, { ok: true, value: { gone: undefined, exporter: exporters[0] } });
  },
);

async function openRelay(
  t: TestContext,
  port: number,
  version: "TLSv1.2" | "TLSv1.3",
  relayed: Bytes[],
): Promise<number> {
  const own = trustedAuthority.issue({
    profile: "server",
    name: { kind: "server", node: nodeId(freshId()) },
  });
  const context: SecureContextOptions = {
    cert: own.certificate.toString(),
    key: keyToPem(own.key).reveal(),
    minVersion: version,
    maxVersion: version,
  };
  const protocols = { ALPNProtocols: ["gridward-partner/1"], rejectUnauthorized: false };
  const server = createServer({ ...context, ...protocols, requestCert: true }, (near) => {
    const far = connect({ ...context, ...protocols, port, host: "127.0.0.1" });
    const carry = (from: TLSSocket, to: TLSSocket): void => {
      const reader = new FrameReader();
      from.on("data", (chunk: Buffer) => {
        reader.push(chunk);
        for (
          let taken = reader.take(frameBytesMax);
          taken.ok && taken.value !== undefined;
          taken = reader.take(frameBytesMax)
        ) {
          relayed.push(taken.value.slice());
        }
        to.write(chunk);
      });
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
    };
    carry(near, far);
    carry(far, near);
  });
  return listening(t, server);
}

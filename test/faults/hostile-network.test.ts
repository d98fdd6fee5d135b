import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { connect } from "node:tls";
import * as fc from "fast-check";
import type { Bytes } from "@gridward/core/base/bytes";
import { dialLink } from "@gridward/runtime/link/dial";
import { a, b } from "@gridward/runtime/link/test-ends";
import { brief, dialOptions } from "@gridward/runtime/link/test-link";
import { openEveryPort, type OpenPorts, type PortName, portNames } from "../every-port.ts";

/** Strangers at every port that speaks TLS: nothing moves, and nothing grows without bound. */

const patience = { timeout: 30_000 };
let ports: OpenPorts | undefined;

before(async () => {
  ports = await openEveryPort();
});
after(async () => ports?.close());

/** A stranger of an address of his own: what is counted by source is counted for him alone. */
function stranger(port: PortName, localAddress: string): Socket {
  const socket = connectTcp({ port: ports?.of(port) ?? 0, host: "127.0.0.1", localAddress });
  socket.on("error", () => undefined); // To be thrown out is what he is here for.
  return socket.resume();
}

async function ended(socket: Socket): Promise<void> {
  if (!socket.destroyed) await once(socket, "close");
}

/** An honest client still gets through. */
async function isServed(name: PortName): Promise<boolean> {
  const ALPNProtocols = { link: ["gridward-partner/1"], witness: ["gridward-witness/1"] };
  const alpn = name === "link" || name === "witness" ? ALPNProtocols[name] : ["http/1.1"];
  const socket = connect({
    port: ports?.of(name) ?? 0,
    host: "127.0.0.1",
    rejectUnauthorized: false,
    ALPNProtocols: alpn,
  });
  socket.on("error", () => undefined);
  await Promise.race([once(socket, "secureConnect"), once(socket, "close")]);
  const isSecure = socket.getProtocol() !== null;
  socket.destroy();
  return isSecure;
}

const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((kind) => /TCPSocketWrap|TLSWrap/.test(kind)).length;

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((go) => setTimeout(go, 10));
}

const bytes = fc.uint8Array({ maxLength: 600 });
const versions = fc.constantFrom([3, 0], [3, 1], [3, 3], [3, 4], [2, 0], [255, 255]);
/** A record of TLS (RFC 8446 §5.1) whose length need not be that of what follows. */
const record = fc
  .tuple(fc.constantFrom(20, 21, 22, 23, 24, 0, 128, 255), versions, fc.nat(65_535), bytes)
  .map(([kind, version, length, rest]): Bytes => {
    return Uint8Array.of(kind, ...version, length >> 8, length & 255, ...rest);
  });
/** A client hello whose members are anything (RFC 8446 §4.1.2), its lengths right or not. */
const hello = fc
  .tuple(bytes, fc.nat(65_535), fc.boolean())
  .map(([rest, length, isRight]): Bytes => {
    const body = Uint8Array.of(3, 3, ...rest);
    const stated = isRight ? body.length : length;
    const whole = Uint8Array.of(1, 0, stated >> 8, stated & 255, ...body);
    return Uint8Array.of(22, 3, 1, whole.length >> 8, whole.length & 255, ...whole);
  });

for (const name of portNames) {
  test(`[TP5] ${name}: no bytes in the place of a handshake do any harm`, patience, async () => {
    const opened = openSockets();
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, record, hello), async (sent) => {
        const socket = stranger(name, "127.0.0.4");
        await once(socket, "connect");
        socket.end(sent);
        await ended(socket);
      }),
      { numRuns: 30 },
    );
    assert.ok(await isServed(name));
    await until(() => openSockets() <= opened);
  });
}

test("[TP6] link: of a flood of strangers none costs a partner its link", patience, async () => {
  const opened = openSockets();
  const flood = Array.from({ length: 600 }, () => stranger("link", "127.0.0.5"));
  const port = ports?.of("link") ?? 0;
  const outcome = await dialLink(dialOptions(a, b, port));
  assert.equal(brief(outcome), "verified");
  if (outcome.outcome === "verified") outcome.peer.close("end of test");
  const isOpen = ({ destroyed, connecting }: Socket): boolean => !destroyed && !connecting;
  await until(() => flood.filter(isOpen).length <= 4);
  for (const socket of flood) socket.destroy();
  await until(() => openSockets() <= opened);
});

for (const name of ["LDAPS", "HTTPS", "HTTPS of a device"] as const) {
  test(`[TP6] ${name}: who holds handshakes open keeps nobody out`, patience, async () => {
    const opened = openSockets();
    const held = Array.from({ length: 768 }, (_, index) => {
      return stranger(name, `127.0.1.${(index % 12) + 1}`);
    });
    await until(() => held.every(({ connecting }) => !connecting));
    assert.ok(await isServed(name));
    for (const socket of held) socket.destroy();
    await until(() => openSockets() <= opened);
  });
}

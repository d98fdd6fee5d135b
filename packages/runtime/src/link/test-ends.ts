import assert from "node:assert/strict";
import { connect } from "node:tls";
import type { Bytes } from "@gridward/core/base/bytes";
import { FrameReader } from "@gridward/core/codec/link-frame";
import { decodeVerdict } from "@gridward/core/codec/link-message";
import { runSoon, systemClock } from "../os/clock.ts";
import { testAuthority } from "../trust/test-authority.ts";
import type { Scene } from "../trust/test-listening.ts";
import { keyToPem } from "../trust/x509/keys.ts";
import { dialLink } from "./dial.ts";
import { strictLink } from "./link-settings.ts";
import type { LinkIdentity } from "./identity.ts";
import { unverifiedFrameBytesMax, type VerifiedPeer } from "./peer.ts";
import { brief, dialOptions, serverIdentity, testServer, type TestServer } from "./test-link.ts";

export const patience = { timeout: 20_000 };

export const a = serverIdentity();

export const b = serverIdentity();

export const careless = { ...strictLink, validate: false };

export const strangers = testAuthority("Theirs", systemClock().now());

export async function opened(t: Scene, server: Promise<TestServer>): Promise<TestServer> {
  const running = await server;
  t.after(() => running.close());
  return running;
}

export async function pair(t: Scene): Promise<{ dialled: VerifiedPeer; accepted: VerifiedPeer }> {
  const server = await opened(t, testServer(b, a));
  const outcome = await dialLink(dialOptions(a, b, server.port));
  assert.ok(outcome.outcome === "verified", brief(outcome));
  t.after(() => outcome.peer.close("end of test"));
  return { dialled: outcome.peer, accepted: await server.peer() };
}

export async function receive(peer: VerifiedPeer, count: number): Promise<readonly Bytes[]> {
  const frames: Bytes[] = [];
  const { promise, resolve } = Promise.withResolvers<undefined>();
  peer.onFrame((frame) => {
    frames.push(frame.slice());
    if (frames.length === count) resolve(undefined);
  });
  await promise;
  return frames;
}

/** Sends bytes over TLS without a certificate and gives everything that comes back. */
export async function talk(port: number, bytes: Uint8Array): Promise<Buffer> {
  const socket = connect({
    host: "127.0.0.1",
    port,
    rejectUnauthorized: false,
    ALPNProtocols: ["gridward-partner/1"],
  });
  const answer: Buffer[] = [];
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => answer.push(chunk));
  socket.write(bytes);
  await once(socket, "close");
  return Buffer.concat(answer);
}

/**
 * What a dialler hears first that speaks no more than TLS 1.2: "ok", the cause of a refusal, or the
 * alert that ends the handshake.
 */
export async function verdictUnderTls12(
  t: Scene,
  { port, protocol }: { readonly port: number; readonly protocol: string },
  identity?: LinkIdentity,
): Promise<string> {
  const socket = connect({
    host: "127.0.0.1",
    port,
    maxVersion: "TLSv1.2",
    ALPNProtocols: [protocol],
    rejectUnauthorized: false,
    ...(identity && {
      cert: identity.certificate.toString(),
      key: keyToPem(identity.key).reveal(),
    }),
  });
  t.after(() => socket.destroy());
  const reader = new FrameReader();
  const { promise, resolve } = Promise.withResolvers<Bytes | string>();
  socket.on("error", (error: Error) => resolve(error.message));
  socket.on("data", (chunk: Bytes) => {
    reader.push(chunk);
    const taken = reader.take(unverifiedFrameBytesMax);
    if (taken.ok && taken.value !== undefined) resolve(taken.value);
  });
  const frame = await promise;
  if (typeof frame === "string") return /alert number 70/.test(frame) ? "alert T11" : frame;
  const decoded = decodeVerdict(frame);
  assert.ok(decoded.ok);
  return decoded.value.verdict === "ok" ? "ok" : decoded.value.cause;
}

export async function once(emitter: NodeJS.EventEmitter, event: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  emitter.once(event, () => resolve(undefined));
  await promise;
}

/** Some turns of the loop, for what is already on its way. */
export async function idle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise<void>(runSoon);
}

export async function until(isSo: () => boolean): Promise<void> {
  const clock = systemClock();
  const limit = clock.monotonic() + 10_000;
  while (!isSo()) {
    assert.ok(clock.monotonic() < limit, "not within 10 s");
    await idle();
  }
}

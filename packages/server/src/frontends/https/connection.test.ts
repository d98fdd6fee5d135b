import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { aServer, tlsOf, type TestServer } from "./a-server.ts";

/** How connections begin and end, whatever is asked over them. */

test("[API14] whoever does not read the answer is closed", async (t) => {
  const { promise: closed, resolve: left } = Promise.withResolvers<undefined>();
  const body = new Uint8Array(32 * 1024 * 1024);
  const big = await aServer({
    stillMs: 100,
    live: { enter: () => () => left(undefined) },
    mounted: [
      { method: "GET", path: "/big", answer: async () => ({ status: 200, headers: {}, body }) },
    ],
  });
  const socket = connect({ host: "127.0.0.1", port: big.port, ca: big.ca });
  socket.on("error", () => {}); // A reset is as good as an end.
  t.after(async () => {
    socket.destroy();
    await big.close();
  });
  socket.pause();
  socket.write("GET /big HTTP/1.1\r\nhost: hill\r\n\r\n");
  await closed;
});

test("[API16] a TLS handshake that does not end is ended", async (t) => {
  const handshakeMs = 100;
  const strict = await aServer({ handshakeMs });
  t.after(() => strict.close());
  // Nothing at all, and the beginning of a record that never comes.
  for (const sent of ["", "\u0016\u0003\u0001"]) {
    const socket = connectTcp(strict.port, "127.0.0.1");
    t.after(() => socket.destroy());
    socket.write(sent);
    const late = new AbortController();
    const ended = once(socket.resume(), "close", { signal: late.signal });
    const limit = setTimeout(() => late.abort(), 50 * handshakeMs);
    await ended;
    clearTimeout(limit);
  }
  const { status } = await strict.ask("GET", "/health");
  assert.equal(status, 200);
});

async function handshake(
  { port, ca }: TestServer,
  session?: Buffer,
): Promise<{ readonly socket: TLSSocket; session?: Buffer }> {
  const socket = connect({
    host: "127.0.0.1",
    port,
    ca,
    maxVersion: "TLSv1.2",
    ...(session === undefined ? {} : { session }),
  });
  await new Promise((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
  });
  const kept = socket.getSession();
  return { socket, ...(kept === undefined ? {} : { session: kept }) };
}

test("[API10] no session of TLS is resumed", async (t) => {
  const server = await aServer();
  t.after(() => server.close());
  const first = await handshake(server);
  first.socket.destroy();
  const second = await handshake(server, first.session);
  assert.equal(second.socket.isSessionReused(), false);
  second.socket.destroy();
});

test("[API10] a new certificate counts from the next handshake on", async () => {
  const own = await aServer();
  const other = testAuthority("Other", Date.now());
  const issued = other.issue({ profile: "server", hosts: ["127.0.0.1"] });
  own.replaceTls(tlsOf(issued));
  await assert.rejects(own.ask("GET", "/health"), /certificate/);
  await own.close();
});

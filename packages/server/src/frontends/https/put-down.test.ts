import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { defaultSecurity } from "@gridward/core/base/security-settings";
import { systemClock } from "@gridward/runtime/os/clock";
import { LiveConnections } from "../../security/live-connections.ts";
import { aServer } from "./a-server.ts";
import type { HttpsParts } from "./https-parts.ts";

const asked = "GET /slow HTTP/1.1\r\nhost: a\r\n\r\n";

/** A server with one slow page, and the register of its connections. */
async function aSlowServer(clients?: HttpsParts["clients"]) {
  const standing = { now: defaultSecurity };
  const clock = systemClock();
  const live = new LiveConnections({
    settings: () => standing.now,
    clock,
    stop: new AbortController().signal,
    onClosed: () => {},
  });
  const arrived = Promise.withResolvers<undefined>();
  const goOn = Promise.withResolvers<undefined>();
  const server = await aServer({
    live,
    ...(clients && { clients }),
    mounted: [
      {
        method: "GET",
        path: "/slow",
        answer: async () => {
          arrived.resolve(undefined);
          await goOn.promise;
          return { status: 200, headers: {}, body: "done" };
        },
      },
    ],
  });
  return { server, standing, live, arrived: arrived.promise, goOn: () => goOn.resolve(undefined) };
}

async function dial(port: number, maxVersion: "TLSv1.2" | "TLSv1.3"): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, maxVersion });
  await once(socket, "secureConnect");
  return socket;
}

test("[LC1][CS8] a connection that a change ends gets the answer on its way first", async (t) => {
  const { server, standing, live, arrived, goOn } = await aSlowServer();
  t.after(() => server.close());
  const busy = await dial(server.port, "TLSv1.2");
  const idle = await dial(server.port, "TLSv1.2");
  const young = await dial(server.port, "TLSv1.3");
  t.after(() => young.destroy());
  busy.write(asked);
  await arrived;
  standing.now = { ...defaultSecurity, tls_min: "1.3" };
  await live.recheck("settings");
  assert.deepEqual(await idle.resume().toArray(), []);
  assert.equal(live.size, 2);
  goOn();
  const answer = (await busy.toArray()).join("");
  assert.match(answer, /^HTTP\/1.1 200 [\s\S]*done$/);
  young.write(asked);
  await once(young, "readable");
  assert.match(String(young.read()), /^HTTP\/1.1 200/);
});

test("[LC1][LC2][CS8][CS16] what a certificate comes to is asked again, of who asked for more than is open to all", async (t) => {
  const world: { refusal: string | null } = { refusal: null };
  const { server, live } = await aSlowServer({
    judge: () => ({ verdict: "ok", client: null }),
    objection: () => world.refusal,
  });
  t.after(() => server.close());
  const [bound, open] = await Promise.all([1, 2].map(() => dial(server.port, "TLSv1.3")));
  assert.ok(bound && open);
  t.after(() => open.destroy());
  for (const [socket, path] of [
    [bound, "/v1/session"],
    [open, "/health"],
  ] as const) {
    socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
    await once(socket, "readable");
    assert.match(String(socket.read()), /^HTTP\/1.1/);
  }
  world.refusal = "revoked";
  assert.equal((await live.countCut(defaultSecurity)).https, 1);
  await live.recheck("trust");
  assert.deepEqual(await bound.resume().toArray(), []);
  assert.equal(live.size, 1);
});

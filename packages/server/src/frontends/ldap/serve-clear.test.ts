import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import type { LiveDoor } from "../../security/live-connections.ts";
import { Talk } from "./fixtures.ts";
import { serveClear } from "./serve-clear.ts";
import type { Wire } from "./wire.ts";

interface Met {
  readonly socket: Socket;
  readonly wire: Wire;
  readonly doors: readonly LiveDoor[];
  readonly handedOver: () => number;
}

/** The server's end of a connection whose peer reads nothing of the much that was written to it. */
async function anUnread(t: TestContext): Promise<Met> {
  const { promise, resolve } = Promise.withResolvers<Pick<Met, "socket" | "wire">>();
  const doors: LiveDoor[] = [];
  let handedOver = 0;
  const clear = { port: 0, isLegacy: () => false, noteSignIn: () => {} };
  const server = await serveClear(clear, {
    host: "127.0.0.1",
    limit: { most: 4, mostOfOne: 4, onTurnedAway: () => {} },
    live: {
      enter: ({ door }) => {
        doors.push(door);
        return () => undefined;
      },
    },
    patience: 50,
    converse: (socket, wire) => {
      resolve({ socket, wire });
      return new Talk().conversation;
    },
    handOver: () => handedOver++,
  });
  const peer = connect(server.port, "127.0.0.1");
  peer.on("error", () => {}); // A reset is as good as an end.
  t.after(async () => {
    peer.destroy();
    await server.close();
  });
  const met = await promise;
  met.wire.write(new Uint8Array(32 * 1024 * 1024));
  return { ...met, doors, handedOver: () => handedOver };
}

test("[LDS23] whoever does not take the answer to StartTLS is closed, and never speaks TLS", async (t) => {
  const { socket, wire, handedOver } = await anUnread(t);
  wire.clear?.startTls();
  await once(socket, "close", { signal: AbortSignal.timeout(5_000) });
  assert.equal(handedOver(), 0);
});

test("[LDS23] whoever does not take a goodbye is closed", async (t) => {
  const { socket, wire } = await anUnread(t);
  wire.end();
  await once(socket, "close", { signal: AbortSignal.timeout(5_000) });
});

test("[LDS23][CS16] a connection without TLS is put down as one of LDAP without TLS", async (t) => {
  const { doors, socket } = await anUnread(t);
  assert.deepEqual(doors, ["ldap"]);
  socket.destroy();
});

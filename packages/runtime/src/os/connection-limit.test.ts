import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { limitConnections } from "./connection-limit.ts";

async function aDoor(most: number, mostOfOne: number) {
  const turnedAway: string[] = [];
  const server = createServer();
  limitConnections(server, {
    most,
    mostOfOne,
    onTurnedAway: (source) => void turnedAway.push(source),
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const held: Socket[] = [];
  /** True if the connection is let in, false if it is ended. */
  const enter = async (from: string): Promise<boolean> => {
    const { port }: AddressInfo = address;
    const socket = connect({ port, host: "127.0.0.1", localAddress: from });
    held.push(socket);
    return new Promise((done) => {
      socket.on("error", () => done(false)).on("close", () => done(false));
      socket.on("data", () => done(true));
    });
  };
  // A word of welcome is what tells one that was let in.
  server.on("connection", (socket) => void (socket.destroyed || socket.write("welcome")));
  const close = (): void => {
    for (const socket of held) socket.destroy();
    server.close();
  };
  return { enter, turnedAway, held, server, close };
}

test("[GF9] one source takes half of a door at most, and leaves the rest to others", async (t) => {
  const door = await aDoor(4, 2);
  t.after(door.close);
  assert.deepEqual(
    [await door.enter("127.0.0.1"), await door.enter("127.0.0.1"), await door.enter("127.0.0.1")],
    [true, true, false],
  );
  assert.equal(await door.enter("127.0.0.2"), true);
  assert.deepEqual(door.turnedAway, ["127.0.0.1"]);
  const [first] = door.held;
  const ended = new Promise((done) => {
    first?.once("close", done);
  });
  first?.destroy();
  await ended;
  await new Promise((done) => setImmediate(done));
  assert.equal(await door.enter("127.0.0.1"), true, "a place that is left is free");
});

test("[GF9] a door lets in no more than its most, wherever they come from", async (t) => {
  const door = await aDoor(2, 2);
  t.after(door.close);
  assert.deepEqual(
    [await door.enter("127.0.0.1"), await door.enter("127.0.0.2"), await door.enter("127.0.0.3")],
    [true, true, false],
  );
  assert.equal(door.turnedAway.length, 1);
});

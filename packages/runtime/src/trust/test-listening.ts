import assert from "node:assert/strict";
import type { Server } from "node:net";

/** A test, as far as it is needed here: what is to be done at its end. */
export interface Scene {
  after(work: () => unknown): void;
}

/** Lets a server listen until the test ends; gives its port. */
export async function listening(t: Scene, server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => sockets.add(socket.on("error", () => undefined)));
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.listen(0, "127.0.0.1", () => resolve(undefined));
  await promise;
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return address.port;
}

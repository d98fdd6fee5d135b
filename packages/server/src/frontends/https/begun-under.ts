import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { HttpsParts } from "./https-parts.ts";

type Ends = Pick<Socket, "remoteAddress" | "remotePort">;

/** Of each open connection, `trial.count` as it began: before its handshake. */
const counts = new WeakMap<object, number>();

/**
 * CS17: notes of each connection under which change it began. A handshake that a change overtook
 * began before it, and proves nothing of it. To be called before the server listens.
 */
export function noteBeginnings(secure: Server, { trial }: Pick<HttpsParts, "trial">): void {
  /** By remote address and port: the TLS socket does not show the one below it. */
  const begun = new Map<string, number>();
  secure.prependListener("connection", (socket: Socket) => {
    const place = placeOf(socket);
    begun.set(place, trial.count);
    socket.once("close", () => begun.delete(place));
  });
  secure.prependListener("secureConnection", (socket: Socket) => {
    const count = begun.get(placeOf(socket));
    if (count !== undefined) counts.set(socket, count);
  });
}

/** A connection of which nothing is known began under none: it proves nothing. */
export function begunUnder({ socket }: { readonly socket: object }): number {
  return counts.get(socket) ?? -1;
}

function placeOf({ remoteAddress = "", remotePort = 0 }: Ends): string {
  return `${remoteAddress} ${remotePort}`;
}

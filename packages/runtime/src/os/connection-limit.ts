import type { DropArgument, Server, Socket } from "node:net";
import { sourceGroup } from "./source-group.ts";

/** How many connections one door may have at once. */
export interface ConnectionLimit {
  readonly most: number;
  /** Of those, from one IPv4 address or IPv6 /64: no source alone closes the door to all others. */
  readonly mostOfOne: number;
  /** Called for each connection beyond, with the address that it came from. */
  readonly onTurnedAway: (source: string) => void;
}

/** Keeps a listener within its limit. To be called before it listens. */
export function limitConnections(server: Server, limit: ConnectionLimit): void {
  const open = new Map<string, number>();
  server.maxConnections = limit.most;
  server.on("drop", (dropped?: DropArgument) => limit.onTurnedAway(dropped?.remoteAddress ?? ""));
  // Before TLS sees it: who is turned away costs no handshake.
  server.prependListener("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    const source = sourceGroup(address);
    const count = open.get(source) ?? 0;
    if (count >= limit.mostOfOne) {
      limit.onTurnedAway(address);
      socket.destroy();
      return;
    }
    open.set(source, count + 1);
    socket.once("close", () => {
      const left = (open.get(source) ?? 1) - 1;
      if (left > 0) open.set(source, left);
      else open.delete(source);
    });
  });
}

import type { Server, Socket } from "node:net";
import type { Millis } from "@gridward/core/base/time";
import { sourceGroup } from "./source-group.ts";
import { limitSources } from "./source-limit.ts";

/** How many handshakes may be under way at one door, and how fast one source may begin them. */
export interface HandshakeRate {
  readonly most: number;
  /** Of those, from one IPv4 address or IPv6 /64. */
  readonly mostOfOne: number;
  /** Handshakes that a source may begin at once, and those it regains a second. */
  readonly burst: number;
  readonly perSecond: number;
}

interface HandshakeLimit extends HandshakeRate {
  /** Of any clock. */
  readonly now: () => Millis;
  /** Called for each that was cut off, with the address that it came from. */
  readonly onTurnedAway: (source: string) => void;
}

/** A thousand clients may come at once after a restart of this server. */
const mostUnderWay = 512;
const rate = { burst: 1_024, perSecond: 256 };

/**
 * At a door for clients that lets so many in: handshakes fill half of it at most, so that those
 * who finish theirs always find room.
 */
export function clientHandshakes(connectionsMost: number): HandshakeRate {
  const share = Math.min(mostUnderWay, Math.ceil(connectionsMost / 2));
  return { ...rate, most: share, mostOfOne: Math.ceil(share / 2) };
}

interface Waiting {
  readonly source: string;
  readonly socket: Socket;
}

type Ends = Pick<Socket, "remoteAddress" | "remotePort">;

const sourcesMax = 10_000;

/**
 * Keeps the handshakes of a TLS listener within their limit. Where too many are under way the
 * oldest gives way: an honest one takes milliseconds, so the one that took longest is the least
 * likely to end well. To be called before it listens.
 */
export function limitHandshakes(server: Server, limit: HandshakeLimit): void {
  const { most, mostOfOne, burst, perSecond, now, onTurnedAway } = limit;
  const haste = limitSources({ burst, perSecond, sourcesMax });
  /** By remote address and port, oldest first: the TLS socket does not show the one below it. */
  const pending = new Map<string, Waiting>();
  const cut = ({ socket }: Waiting): void => {
    pending.delete(placeOf(socket));
    onTurnedAway(socket.remoteAddress ?? "");
    socket.destroy();
  };
  server.prependListener("connection", (socket: Socket) => {
    const source = sourceGroup(socket.remoteAddress ?? "");
    if (!haste.admit(source, now()).ok) {
      cut({ socket, source });
      return;
    }
    const ofSource = [...pending.values()].filter((each) => each.source === source);
    const [oldest] = ofSource.length >= mostOfOne ? ofSource : pending.values();
    if (oldest && (ofSource.length >= mostOfOne || pending.size >= most)) cut(oldest);
    const place = placeOf(socket);
    pending.set(place, { source, socket });
    socket.once("close", () => pending.delete(place));
  });
  server.on("secureConnection", (socket: Ends) => pending.delete(placeOf(socket)));
}

function placeOf({ remoteAddress = "", remotePort = 0 }: Ends): string {
  return `${remoteAddress} ${remotePort}`;
}

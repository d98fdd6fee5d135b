import { sourceGroup } from "../os/source-group.ts";
import type { Clock } from "../os/clock.ts";
import { limitSources } from "../os/source-limit.ts";
import {
  openedBurst as burst,
  openedPerSecond as perSecond,
  pendingMax,
  pendingPerSourceMax,
  sourcesMax,
  unverifiedFor,
} from "./limits.ts";

/** As much of a socket as the gate needs. */
export interface GateSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  destroy(): unknown;
  on(event: "error", listener: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
}

/** Who may wait unverified, how many of them, how long, and how fast they may come (rule LK5). */
export interface Gate {
  /** False: too many wait already, and this one was closed. */
  enter(socket: GateSocket): boolean;
  /** Verified: neither counted nor timed any more. */
  leave(socket: GateSocket): void;
  extend(socket: GateSocket, duration: number): void;
  closeAll(): void;
}

/** Connections that one source may open at once, and those it regains a second. */
export interface Haste {
  readonly burst: number;
  readonly perSecond: number;
}

interface Waiting {
  readonly source: string;
  readonly done: AbortController;
}

export function openGate(clock: Clock, rate: Haste = { burst, perSecond }): Gate {
  /** By remote address and port: the TLS socket does not show the one below it. */
  const pending = new Map<string, Waiting>();
  const open = new Set<GateSocket>();
  const haste = limitSources({ ...rate, sourcesMax });
  const expire = async (socket: GateSocket, duration: number, done: AbortSignal): Promise<void> => {
    await clock.sleep(duration, done);
    if (!done.aborted) socket.destroy();
  };
  const release = (place: string): void => {
    pending.get(place)?.done.abort();
    pending.delete(place);
  };
  const admit = (socket: GateSocket, duration: number): void => {
    const done = new AbortController();
    pending.set(placeOf(socket), { source: sourceOf(socket), done });
    void expire(socket, duration, done.signal);
  };
  const countFrom = (source: string): number => {
    return [...pending.values()].filter((each) => each.source === source).length;
  };
  return {
    enter(socket) {
      const source = sourceOf(socket);
      const isTooFast = !haste.admit(source, clock.monotonic()).ok;
      const isFull = pending.size >= pendingMax;
      if (isTooFast || isFull || countFrom(source) >= pendingPerSourceMax) {
        socket.on("error", () => undefined);
        socket.destroy();
        return false;
      }
      const place = placeOf(socket);
      open.add(socket);
      admit(socket, unverifiedFor);
      socket.once("close", () => {
        open.delete(socket);
        release(place);
      });
      return true;
    },
    leave: (socket) => release(placeOf(socket)),
    extend(socket, duration) {
      if (!pending.has(placeOf(socket))) return; // It has ended meanwhile.
      release(placeOf(socket));
      admit(socket, duration);
    },
    closeAll() {
      for (const socket of open) socket.destroy();
    },
  };
}

function placeOf({ remoteAddress = "", remotePort = 0 }: GateSocket): string {
  return `${remoteAddress} ${remotePort}`;
}

function sourceOf({ remoteAddress = "" }: GateSocket): string {
  return sourceGroup(remoteAddress);
}

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import { objectToVersion } from "@gridward/runtime/trust/tls-policy";
import type { LiveRegister } from "../../security/live-connections.ts";

interface Standing {
  /** Requests that have no answer yet. */
  readonly running: number;
  readonly isClosing: boolean;
}

/** A connection that is to be closed gets so long for an answer that is on its way. */
const lastAnswerMs = 30_000;

/**
 * CS8: every connection is judged again. One that is closed first finishes the answer it waits
 * for: it may be the one to the very change that closes it.
 */
export function putDownConnections(secure: Server, live: LiveRegister): void {
  const standings = new WeakMap<object, Standing>();
  const change = (socket: TLSSocket, next: (now: Standing) => Standing): void => {
    const standing = next(standings.get(socket) ?? { running: 0, isClosing: false });
    standings.set(socket, standing);
    if (standing.isClosing && standing.running === 0) socket.destroySoon();
  };
  secure.on("secureConnection", (socket: TLSSocket) => {
    const version = socket.getProtocol();
    const left = live.enter({
      door: "https",
      judge: ({ tls_min }) => objectToVersion(version, tls_min),
      close: () => {
        socket.setTimeout(lastAnswerMs, () => socket.destroy());
        change(socket, (now) => ({ ...now, isClosing: true }));
      },
    });
    socket.once("close", left);
  });
  secure.prependListener("request", (request: Request, response: ServerResponse) => {
    const { socket } = request;
    change(socket, (now) => ({ ...now, running: now.running + 1 }));
    response.once("close", () => {
      change(socket, (now) => ({ ...now, running: now.running - 1 }));
    });
  });
}

type Request = IncomingMessage & { readonly socket: TLSSocket };

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import { objectToVersion } from "@gridward/runtime/trust/tls-policy";
import type { HttpsParts } from "./https-parts.ts";
import { isOpenToAll, objectionTo } from "./judge-client.ts";

interface Standing {
  /** Requests that have no answer yet. */
  readonly running: number;
  readonly isClosing: boolean;
  /** It asked for something that is not open to all: only from then on its certificate counts. */
  readonly isBound: boolean;
}

const fresh: Standing = { running: 0, isClosing: false, isBound: false };

/** A connection that is to be closed gets so long for an answer that is on its way. */
const lastAnswerMs = 30_000;

/**
 * CS8, CS16: every connection is judged again, its version and its certificate. One that is closed first finishes the answer it waits
 * for: it may be the one to the very change that closes it.
 */
export function putDownConnections(
  secure: Server,
  parts: Pick<HttpsParts, "live" | "clients">,
): void {
  const { live } = parts;
  const standings = new WeakMap<object, Standing>();
  const standingOf = (socket: TLSSocket): Standing => standings.get(socket) ?? fresh;
  const change = (socket: TLSSocket, next: (now: Standing) => Standing): void => {
    const standing = next(standingOf(socket));
    standings.set(socket, standing);
    if (standing.isClosing && standing.running === 0) socket.destroySoon();
  };
  secure.on("secureConnection", (socket: TLSSocket) => {
    const version = socket.getProtocol();
    const objection = objectionTo(parts, { socket });
    const left = live.enter({
      door: "https",
      judge: (settings) =>
        standingOf(socket).isBound
          ? objection(settings)
          : objectToVersion(version, settings.tls_min),
      close: () => {
        socket.setTimeout(lastAnswerMs, () => socket.destroy());
        change(socket, (now) => ({ ...now, isClosing: true }));
      },
    });
    socket.once("close", left);
  });
  secure.prependListener("request", (request: Request, response: ServerResponse) => {
    const { socket } = request;
    const isOpen = isOpenToAll(request.url?.split("?")[0]);
    change(socket, ({ running, isBound, ...now }) => ({
      ...now,
      running: running + 1,
      isBound: isBound || !isOpen,
    }));
    response.once("close", () => {
      change(socket, (now) => ({ ...now, running: now.running - 1 }));
    });
  });
}

type Request = IncomingMessage & { readonly socket: TLSSocket };

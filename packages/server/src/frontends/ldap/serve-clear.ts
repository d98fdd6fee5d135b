import { createServer, type Server, type Socket } from "node:net";
import type { Millis } from "@gridward/core/base/time";
import { type ConnectionLimit, limitConnections } from "@gridward/runtime/os/connection-limit";
import { plainAddress } from "@gridward/runtime/os/plain-address";
import type { LiveRegister } from "../../security/live-connections.ts";
import type { SecuritySettings } from "@gridward/core/base/security-settings";
import type { Conversation } from "./conversation.ts";
import { goodbyeMax } from "./limits.ts";
import type { Wire } from "./wire.ts";

/** The port for LDAP without TLS, and who may do more on it than start TLS (CS7). */
export interface ClearOptions {
  /** 0: whichever is free. */
  readonly port: number;
  /** Whether a peer at this address is served without TLS, by what is set now or by these. */
  readonly isLegacy: (address: string, settings?: SecuritySettings) => boolean;
  readonly noteSignIn: (address: string, account: string) => void;
}

export interface ClearParts {
  readonly host: string;
  readonly limit: ConnectionLimit;
  readonly live: LiveRegister;
  /** How long a peer may take for the answer to StartTLS. */
  readonly patience: Millis;
  readonly converse: (socket: Socket, wire: Wire) => Conversation;
  /** From here on the connection speaks TLS. */
  readonly handOver: (socket: Socket) => void;
}

/** Listens for LDAP without TLS. Rejects with the system's error when it cannot. */
export async function serveClear(
  { port, isLegacy, noteSignIn }: ClearOptions,
  { host, limit, live, patience, converse, handOver }: ClearParts,
): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const server = createServer((socket) => {
    const address = plainAddress(socket.remoteAddress);
    const conversation = converse(socket, {
      ...wireOf(socket),
      client: () => ({ verdict: "ok", client: null }),
      clear: {
        isAllowed: () => isLegacy(address),
        noteSignIn: (account) => noteSignIn(address, account),
        startTls: () => {
          left();
          release(socket, patience);
          // The answer goes out in clear text before TLS takes the connection over.
          socket.write(new Uint8Array(0), () => {
            socket.setTimeout(0); // From here on that of the handshake counts.
            if (!socket.destroyed) handOver(socket);
          });
        },
      },
    });
    const left = live.enter({
      door: "ldap",
      judge: (settings) => conversation.objection(isLegacy(address, settings)),
      close: (reason) => {
        const hasSaidWhy = conversation.dismiss("unavailable", `closed by this server: ${reason}`);
        if (!hasSaidWhy) socket.destroy();
      },
    });
    socket.once("close", left);
  });
  limitConnections(server, limit);
  const bound = await listenOn(server, { host, port });
  return {
    port: bound,
    close: async () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      server.close(() => resolve(undefined));
      await promise;
    },
  };
}

/** Nothing of it is read here any more. It must take what was written in time. */
function release(socket: Socket, patience: Millis): void {
  socket.pause();
  for (const event of ["data", "drain", "timeout", "error"]) socket.removeAllListeners(event);
  socket.setTimeout(patience, () => socket.destroy());
  socket.on("error", () => socket.destroy());
}

export function wireOf(socket: Socket): Omit<Wire, "client" | "clear"> {
  return {
    source: socket.remoteAddress ?? "",
    write: (bytes) => void socket.write(bytes),
    unsent: () => socket.writableLength,
    pause: () => void socket.pause(),
    resume: () => void (socket.isPaused() && socket.resume()),
    end: () => {
      socket.end(() => socket.destroySoon());
      // Behind what is not taken a goodbye would wait for ever.
      socket.setTimeout(goodbyeMax, () => socket.destroy());
    },
  };
}

export async function listenOn(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once("error", reject);
  server.listen({ host, port }, () => {
    server.off("error", reject);
    resolve(undefined);
  });
  await promise;
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

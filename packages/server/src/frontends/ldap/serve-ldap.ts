import { constants } from "node:crypto";
import type { DropArgument } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { Bytes } from "@gridward/core/base/bytes";
import type { Clock } from "@gridward/runtime/os/clock";
import type { FrontEndParts } from "../../parts.ts";
import { Conversation, type ConversationParts, type Wire } from "./conversation.ts";
import { openDirectory } from "./directory.ts";
import { connectionsMax, goodbyeMax, handshakeMax, idleMax } from "./limits.ts";

/** Key and certificate chain in PEM. */
export interface LdapIdentity {
  readonly key: string;
  readonly certificate: string;
}

export interface LdapOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly identity: LdapIdentity;
  readonly clock: Clock;
  /** Shown in the root DSE as vendorVersion. */
  readonly version: string;
  /** Told why a peer was sent away; `detail` holds nothing secret. */
  readonly note: (source: string, detail: string) => void;
}

export interface LdapServer {
  readonly port: number;
  /** For connections made from now on. */
  readonly useIdentity: (identity: LdapIdentity) => void;
  /** Says goodbye to every connection and stops listening. */
  readonly close: () => Promise<void>;
}

/** Serves the directory over LDAPS. Rejects with the system's error when it cannot listen. */
export async function serveLdap(parts: FrontEndParts, options: LdapOptions): Promise<LdapServer> {
  const { clock, note, version } = options;
  const conversationParts: ConversationParts = {
    frontEnd: parts,
    directory: openDirectory(parts, { monotonic: () => clock.monotonic(), version }),
    nextTurn: async () => clock.sleep(0),
    note,
  };
  const conversations = new Map<TLSSocket, Conversation>();
  const server = createServer({
    ...certificateOf(options.identity),
    minVersion: "TLSv1.2",
    // A resumed session would outlive a changed certificate (design §6).
    secureOptions: constants.SSL_OP_NO_TICKET,
    handshakeTimeout: handshakeMax,
  });
  server.maxConnections = connectionsMax;
  server.on("secureConnection", (socket) => {
    const conversation = converse(socket, conversationParts);
    conversations.set(socket, conversation);
    socket.once("close", () => conversations.delete(socket));
  });
  server.on("tlsClientError", (error, socket) => {
    note(socket.remoteAddress ?? "", `no TLS: ${error.message}`);
    socket.destroy();
  });
  server.on("drop", (dropped?: DropArgument) => {
    note(dropped?.remoteAddress ?? "", "too many connections");
  });
  const port = await listen(server, options);
  return {
    port,
    useIdentity: (identity) => server.setSecureContext(certificateOf(identity)),
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const conversation of conversations.values()) {
        conversation.dismiss("unavailable", "this server is stopping");
      }
      await Promise.race([closed, clock.sleep(goodbyeMax)]);
      for (const socket of conversations.keys()) socket.destroy();
      await closed;
    },
  };
}

function certificateOf({ key, certificate }: LdapIdentity): { key: string; cert: string } {
  return { key, cert: certificate };
}

async function listen(server: Server, { host, port }: LdapOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** Ties one connection to one conversation. */
function converse(socket: TLSSocket, parts: ConversationParts): Conversation {
  socket.setNoDelay(true); // Answers leave in one write each; waiting for more only costs 40 ms.
  const conversation = new Conversation(parts, wireOf(socket));
  socket.setTimeout(idleMax, () => {
    const hasSaidGoodbye = conversation.dismiss("other", "nothing was asked for too long");
    if (!hasSaidGoodbye) socket.destroy(); // It did not even take our goodbye.
  });
  socket.on("data", (chunk: Bytes) => conversation.receive(chunk));
  socket.on("drain", () => conversation.drained());
  socket.on("error", () => conversation.over());
  socket.on("close", () => conversation.over());
  return conversation;
}

function wireOf(socket: TLSSocket): Wire {
  return {
    source: socket.remoteAddress ?? "",
    write: (bytes) => void socket.write(bytes),
    unsent: () => socket.writableLength,
    pause: () => void socket.pause(),
    resume: () => void (socket.isPaused() && socket.resume()),
    end: () => void socket.end(() => socket.destroySoon()),
  };
}

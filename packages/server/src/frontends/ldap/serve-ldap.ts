import type { Socket } from "node:net";
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from "node:tls";
import type { Bytes } from "@gridward/core/base/bytes";
import type { Millis } from "@gridward/core/base/time";
import type { Secret } from "@gridward/core/base/secret";
import type { Clock } from "@gridward/runtime/os/clock";
import { objectToVersion, tlsPolicy } from "@gridward/runtime/trust/tls-policy";
import { type ConnectionLimit, limitConnections } from "@gridward/runtime/os/connection-limit";
import {
  clientHandshakes,
  type HandshakeRate,
  limitHandshakes,
} from "@gridward/runtime/os/handshake-limit";
import { sourceGroup } from "@gridward/runtime/os/source-group";
import { limitSources } from "@gridward/runtime/os/source-limit";
import type { ClientGate } from "../../clients/client-gate.ts";
import { triesOfOne } from "../../clients/tries.ts";
import type { FrontEndParts } from "../../parts.ts";
import type { LiveRegister } from "../../security/live-connections.ts";
import { Conversation, type ConversationParts } from "./conversation.ts";
import type { ChangePassword } from "./modify-password.ts";
import { type ClearOptions, listenOn, serveClear, wireOf } from "./serve-clear.ts";
import type { Wire } from "./wire.ts";
import { openDirectory } from "./directory.ts";
import { goodbyeMax, handshakeMax, idleMax } from "./limits.ts";

/** Key and certificate chain in PEM, and the oldest TLS that is taken. */
export interface LdapIdentity {
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  readonly key: Secret<string>;
  readonly certificate: string;
  /** Issuers of the clients' certificates that are asked for, PEM. */
  readonly anchors: readonly string[];
}

export interface LdapOptions {
  readonly host: string;
  /** Of LDAPS; 0: whichever is free; null: no port, only what StartTLS hands over. */
  readonly port: number | null;
  /** LDAP without TLS: for StartTLS, and for legacy peers (CS7). */
  readonly clear?: ClearOptions;
  readonly identity: LdapIdentity;
  readonly clock: Clock;
  readonly limit: ConnectionLimit;
  /** CS8, CS16: what is open is judged again. */
  readonly live: LiveRegister;
  readonly clients: Pick<ClientGate, "judge" | "objection">;
  /** Shown in the root DSE as vendorVersion. */
  readonly version: string;
  /** Absent: no password is changed here. */
  readonly changePassword?: ChangePassword;
  /** Told why a peer was sent away; `detail` holds nothing secret. */
  readonly note: (source: string, detail: string) => void;
  /** How many handshakes it takes; more where just these are measured. */
  readonly handshakes?: HandshakeRate;
  /** How long a peer may be silent in its handshake and between requests; tests wait less. */
  readonly patience?: { readonly handshake: Millis; readonly idle: Millis };
}

export interface LdapServer {
  /** 0 where it has none. */
  readonly port: number;
  readonly clearPort: number;
  /** For connections made from now on. */
  readonly useIdentity: (identity: LdapIdentity) => void;
  /** Says goodbye to every connection and stops listening. */
  readonly close: () => Promise<void>;
}

/** Serves the directory over LDAPS. Rejects with the system's error when it cannot listen. */
export async function serveLdap(parts: FrontEndParts, options: LdapOptions): Promise<LdapServer> {
  const { clock, limit, note } = options;
  const patience = options.patience ?? { handshake: handshakeMax, idle: idleMax };
  const conversationParts = partsOf(parts, options);
  const conversations = new Set<Conversation>();
  const sockets = new Set<Socket>(); // Handshakes under way included.
  let isStopping = false;
  const onTurnedAway = (source: string): void => {
    limit.onTurnedAway(source);
    note(source, "too many connections");
  };
  const limited = { ...limit, onTurnedAway };
  const server = createTls(options, { limit: limited, handshake: patience.handshake });
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  };
  server.on("connection", keep);
  const meet = (socket: Socket, wire: Wire): Conversation => {
    const conversation = converse(socket, { parts: conversationParts, wire }, patience.idle);
    conversations.add(conversation);
    socket.once("close", () => conversations.delete(conversation));
    if (isStopping) sayGoodbye(conversation);
    return conversation;
  };
  server.on("secureConnection", (socket) => {
    // Read before anything else looks at it.
    options.clients.judge(socket, "ldap");
    const client = () => options.clients.judge(socket, "ldap");
    const conversation = meet(socket, { ...wireOf(socket), client, clear: null });
    putDown(options, socket, conversation);
  });
  const { host, port: wanted } = options;
  const port = wanted === null ? 0 : await listenOn(server, { host, port: wanted });
  const clear =
    options.clear &&
    (await serveClear(options.clear, {
      host,
      limit: limited,
      live: options.live,
      patience: patience.handshake,
      converse: (socket, wire) => {
        keep(socket);
        return meet(socket, wire);
      },
      handOver: (socket) => void server.emit("connection", socket),
    }));
  return {
    port,
    clearPort: clear?.port ?? 0,
    useIdentity: (identity) => server.setSecureContext(contextOf(identity)),
    close: async () => {
      isStopping = true;
      const closed = Promise.all([closeServer(server), clear?.close()]);
      for (const conversation of conversations) sayGoodbye(conversation);
      await Promise.race([closed, clock.sleep(goodbyeMax)]);
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function partsOf(
  frontEnd: FrontEndParts,
  { clock, version, clear, note, changePassword }: LdapOptions,
): ConversationParts {
  const monotonic = (): Millis => clock.monotonic();
  const offersStartTls = clear !== undefined;
  const changesPasswords = changePassword !== undefined;
  const tries = limitSources(triesOfOne);
  return {
    frontEnd,
    directory: openDirectory(frontEnd, { monotonic, version, offersStartTls, changesPasswords }),
    ...(changePassword && { changePassword }),
    nextTurn: async () => clock.sleep(0),
    isTriedTooOften: (source) => !tries.admit(sourceGroup(source), monotonic()).ok,
    note,
  };
}

function createTls(
  { identity, handshakes, note, clock }: LdapOptions,
  { limit, handshake }: { readonly limit: ConnectionLimit; readonly handshake: Millis },
): Server {
  const server = createServer({
    ...contextOf(identity),
    // A certificate is asked for, and judged by the one judge at each operation (design §6).
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: handshake,
  });
  limitConnections(server, limit);
  const rate = handshakes ?? clientHandshakes(limit.most);
  const { onTurnedAway } = limit;
  limitHandshakes(server, { ...rate, now: () => clock.monotonic(), onTurnedAway });
  server.on("tlsClientError", (error, socket) => {
    note(socket.remoteAddress ?? "", `no TLS: ${error.message}`);
    socket.destroy();
  });
  return server;
}

/** Until it ends. */
function putDown(
  { live, clients }: Pick<LdapOptions, "live" | "clients">,
  socket: TLSSocket,
  conversation: Conversation,
): void {
  const version = socket.getProtocol();
  // A new one hears in the answer to its first request what its certificate came to.
  let isNew = true;
  const left = live.enter({
    door: "ldaps",
    judge: (settings) =>
      objectToVersion(version, settings.tls_min) ??
      conversation.objection() ??
      (isNew ? null : clients.objection(socket, settings)),
    close: (reason) => {
      const hasSaidWhy = conversation.dismiss("unavailable", `closed by this server: ${reason}`);
      if (!hasSaidWhy) socket.destroy();
    },
  });
  isNew = false;
  socket.once("close", left);
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.close(() => resolve(undefined));
  await promise;
}

function sayGoodbye(conversation: Conversation): void {
  conversation.dismiss("unavailable", "this server is stopping");
}

function contextOf({ key, certificate, anchors, ...oldest }: LdapIdentity): SecureContextOptions {
  // An empty list, not an absent one: Node would fall back to the roots of the public web.
  return { ...tlsPolicy, ...oldest, key: key.reveal(), cert: certificate, ca: [...anchors] };
}

/** Ties one connection to one conversation. */
function converse(
  socket: Socket,
  { parts, wire }: { readonly parts: ConversationParts; readonly wire: Wire },
  idle: Millis,
): Conversation {
  socket.setNoDelay(true); // Answers leave in one write each; waiting for more only costs 40 ms.
  const conversation = new Conversation(parts, wire);
  socket.setTimeout(idle, () => {
    const hasSaidGoodbye = conversation.dismiss("other", "nothing was asked for too long");
    if (!hasSaidGoodbye) socket.destroy(); // It did not even take our goodbye.
  });
  socket.on("data", (chunk: Bytes) => conversation.receive(chunk));
  socket.on("drain", () => conversation.drained());
  socket.on("error", () => conversation.over());
  socket.on("close", () => conversation.over());
  return conversation;
}

import { createServer, type AddressInfo, type Server } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { TlsCauseCode } from "@gridward/core/domain/tls-cause";
import { isTlsCauseCode } from "@gridward/core/domain/tls-cause";
import type { Clock } from "../os/clock.ts";
import { type Gate, type Haste, openGate } from "./gate.ts";
import { contextOptions, type LinkIdentity } from "./identity.ts";
import { unverifiedFor } from "./limits.ts";
import type { PeerProtocol } from "./judge-on-link.ts";
import type { LinkSettings } from "./link-settings.ts";
import type { LinkOutcome, PeerTrust, Protocol, VerifiedPeer } from "./peer.ts";
import type { PostureExchange } from "./posture-exchange.ts";
import { readChainEarly } from "./presented-chain.ts";
import { plainAddress } from "../os/plain-address.ts";
import { causeOfTlsError } from "../trust/tls-error.ts";
import { chooseTrialContext, trialToken } from "./trial.ts";
import { UnverifiedPeer } from "./unverified-peer.ts";
import { verifyPeer, type Admission } from "./verify.ts";

/** A refused connection whose other end proved that it is our partner, or that we were asked by. */
export type Refused = Extract<LinkOutcome, { readonly outcome: "refused" }>;

export interface ServeOptions {
  readonly protocols: readonly Protocol[];
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Asked for at each connection; after a change call `refresh` as well. */
  readonly identity: () => LinkIdentity;
  /** For a peer at an IP address; what holds for all where none is given. */
  readonly settings: (address?: string) => LinkSettings;
  readonly admission: Admission;
  readonly postures?: PostureExchange;
  /** What is proposed under this token, to that address, for trial handshakes (CS11). */
  readonly proposal?: (token: string, address: string) => PeerTrust | null;
  readonly onPeer: (peer: VerifiedPeer) => void;
  /** A partner that was refused, or that refuses us. Strangers are only counted. */
  readonly onRefused: (outcome: Refused) => void;
  /** A device whose certificate is good, and that is not known by it (T16); it was sent away. */
  readonly onUnknownDevice?: (peer: Pick<UnverifiedPeer, "theirChain" | "address">) => void;
  /**
   * First contact (gridward-diag/1, TLS 1.3): one frame of at most 512 bytes may be taken before
   * `admit` was called, which also lifts the limit of five seconds to that of a join.
   */
  readonly onContact: (contact: Contact) => Promise<void>;
  readonly clock: Clock;
  /** How fast one source may come; faster where just that is measured. */
  readonly haste?: Haste;
}

export interface Contact {
  readonly peer: UnverifiedPeer;
  readonly admit: () => void;
}

export interface LinkServer {
  readonly port: number;
  /** Connections of nobody we know, by the cause of their refusal. */
  readonly strangers: () => ReadonlyMap<TlsCauseCode, number>;
  /** New connections use identity and settings of now. Throws when it is unusable (cause T15). */
  readonly refresh: () => void;
  /** Stops listening and ends every connection. */
  readonly close: () => Promise<void>;
}

const contactFor = 6 * unverifiedFor;

/** A link port: the one of a server, or that of a witness. Rejects with the system's error when it cannot listen. */
export async function serveLink(options: ServeOptions): Promise<LinkServer> {
  const strangers = new Map<TlsCauseCode, number>();
  const count = (cause: string): void => {
    const code = isTlsCauseCode(cause) ? cause : "T17";
    strangers.set(code, (strangers.get(code) ?? 0) + 1);
  };
  const gate = openGate(options.clock, options.haste);
  const tls = createTlsServer({
    ...contextOptions(options.identity(), options.settings().tlsMin),
    ALPNCallback(this: unknown, { protocols }) {
      readChainEarly(this);
      return options.protocols.find((protocol) => protocols.includes(protocol));
    },
    SNICallback: chooseTrialContext((token) => options.proposal?.(token, "") ?? null),
    requestCert: true,
    // The judge decides, after the handshake: Node would tell the other side nothing.
    rejectUnauthorized: false,
    handshakeTimeout: unverifiedFor,
  });
  tls.on("tlsClientError", (error) => count(causeOfTlsError(error, "accept").cause));
  tls.on("secureConnection", (socket: TLSSocket) => {
    void meet({ options, gate, count }, socket);
  });
  // A plain listener in front, so that who is turned away costs no TLS at all.
  const server = createServer((socket) => {
    if (gate.enter(socket)) tls.emit("connection", socket);
    else count("T17");
  });
  await listen(server, options);
  const { port } = boundAddress(server);
  return {
    port,
    strangers: () => new Map(strangers),
    refresh: () =>
      tls.setSecureContext(contextOptions(options.identity(), options.settings().tlsMin)),
    async close() {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      server.close(() => resolve(undefined));
      gate.closeAll();
      await promise;
    },
  };
}

interface Reception {
  readonly options: ServeOptions;
  readonly gate: Gate;
  readonly count: (cause: string) => void;
}

async function meet({ options, gate, count }: Reception, socket: TLSSocket): Promise<void> {
  const peer = new UnverifiedPeer(socket);
  const { alpnProtocol } = socket;
  if (alpnProtocol === "gridward-diag/1") {
    await meetStranger({ options, gate, count }, peer);
    return;
  }
  if (!isPeerProtocol(alpnProtocol) || !options.protocols.includes(alpnProtocol)) {
    count("T13");
    peer.end();
    return;
  }
  const token = trialToken(socketName(socket));
  const isTrial = alpnProtocol === "gridward-partner/1" && token !== undefined;
  if (isTrial) return meetInTrial({ options, gate, count }, peer, token);
  const outcome = await verifyPeer({
    peer,
    protocol: alpnProtocol,
    direction: "accept",
    identity: options.identity(),
    settings: options.settings(plainAddress(socket.remoteAddress)),
    admission: options.admission,
    expectedNode: null,
    postures: options.postures,
    clock: options.clock,
  });
  if (outcome.outcome === "verified") {
    gate.leave(socket);
    options.onPeer(outcome.peer);
  } else if (outcome.fromPartner) options.onRefused(outcome);
  else {
    count(outcome.cause);
    const isUnknown = outcome.by === "us" && outcome.cause === "T16";
    if (isUnknown && alpnProtocol === "gridward-replica/1") options.onUnknownDevice?.(peer);
  }
}

/** Judged like any other, and then forgotten, whatever came of it. */
async function meetInTrial(
  { options, count }: Reception,
  peer: UnverifiedPeer,
  token: string,
): Promise<void> {
  const address = plainAddress(peer.socket.remoteAddress);
  const proposal = options.proposal?.(token, address);
  const outcome = await verifyPeer({
    peer,
    protocol: "gridward-partner/1",
    direction: "accept",
    identity: proposal?.identity ?? options.identity(),
    settings: proposal?.settings ?? options.settings(address),
    admission: options.admission,
    expectedNode: null,
    clock: options.clock,
  });
  if (outcome.outcome === "verified") outcome.peer.close("a trial");
  else if (!outcome.fromPartner) count(outcome.cause);
}

/** RFC 6066 §3: what the caller asked for. Node's types know it of no socket. */
function socketName(socket: TLSSocket): string | undefined {
  const name: unknown = Reflect.get(socket, "servername");
  return typeof name === "string" ? name : undefined;
}

async function meetStranger(
  { options, gate, count }: Reception,
  peer: UnverifiedPeer,
): Promise<void> {
  if (peer.socket.getProtocol() !== "TLSv1.3") {
    count("T11");
    peer.end();
    return;
  }
  await options.onContact({ peer, admit: () => gate.extend(peer.socket, contactFor) });
  peer.end();
}

function isPeerProtocol(text: string | false | null): text is PeerProtocol {
  return (
    text === "gridward-partner/1" || text === "gridward-replica/1" || text === "gridward-witness/1"
  );
}

async function listen(server: Server, { host, port }: ServeOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once("error", reject);
  server.listen({ host, port }, () => resolve(undefined));
  await promise;
  server.off("error", reject);
}

function boundAddress(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("not a TCP server");
  return address;
}

import { isIP } from "node:net";
import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import type { KeyObject } from "node:crypto";
import type { NodeId } from "@gridward/core/base/identity";
import { assert, err, ok, type Result } from "@gridward/core/base/result";
import type { Clock } from "../os/clock.ts";
import { plainAddress } from "../os/plain-address.ts";
import { tlsPolicy } from "../trust/tls-policy.ts";
import { contextOptions, type LinkIdentity } from "./identity.ts";
import { unverifiedFor } from "./limits.ts";
import type { PeerProtocol } from "./judge-on-link.ts";
import type { LinkSettings } from "./link-settings.ts";
import type { LinkOutcome, Protocol } from "./peer.ts";
import type { PostureExchange } from "./posture-exchange.ts";
import { causeOfTlsError, type HandshakeFailure } from "../trust/tls-error.ts";
import { trialName } from "./trial.ts";
import { UnverifiedPeer } from "./unverified-peer.ts";
import { verifyPeer } from "./verify.ts";

export interface DialOptions {
  readonly protocol: PeerProtocol;
  /** Host or address, and link port, of the peer. */
  readonly address: string;
  readonly port: number;
  readonly identity: LinkIdentity;
  /** `client-certificate=disabled`: the certificate of this identity is not shown. */
  readonly isAnonymous?: boolean;
  readonly settings: LinkSettings;
  /** Those for the peer at the IP address that answered. */
  readonly settingsFor?: (address: string) => LinkSettings;
  /** The server that is meant; null is any server of the system (for a device). */
  readonly expectedNode: NodeId | null;
  /** Its pairing key, for the partner link. */
  readonly partnerKey: KeyObject | null;
  readonly postures?: PostureExchange;
  /** A trial, under this token: whoever is verified in it is let go again (CS11). */
  readonly trial?: string;
  readonly clock: Clock;
  /** Ends the attempt; a link that was verified before is closed by its owner. */
  readonly stop: AbortSignal;
}

/** One try to reach a peer: verified, or refused with the cause. Never throws, never takes > 5 s. */
export async function dialLink(options: DialOptions): Promise<LinkOutcome> {
  const { protocol, identity, settings, clock, stop, expectedNode, partnerKey } = options;
  let context: SecureContext;
  try {
    const { cert, key, ...rest } = contextOptions(identity, settings.tlsMin);
    context = createSecureContext(options.isAnonymous === true ? rest : { cert, key, ...rest });
  } catch (error) {
    return unreached(options, { ...causeOfTlsError(error, "dial"), cause: "T15", by: "us" });
  }
  return withDeadline({ clock, stop }, async (watch) => {
    const opened = await openTls(options, context, watch);
    if (!opened.ok) return unreached(options, opened.error);
    return verifyPeer({
      peer: opened.value,
      protocol,
      direction: "dial",
      identity,
      settings: options.settingsFor?.(plainAddress(opened.value.socket.remoteAddress)) ?? settings,
      expectedNode,
      admission: {
        partnerKey: (node) => (node === expectedNode ? (partnerKey ?? undefined) : undefined),
        isEnrolled: () => false,
      },
      postures: options.postures,
      clock,
    });
  });
}

export interface ContactOptions {
  readonly address: string;
  readonly port: number;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/**
 * First contact over gridward-diag/1: TLS 1.3, no certificate of ours, and no belief in theirs.
 * `talk` verifies the other by what it knows (join: the pairing key) before it sends anything.
 */
export async function dialContact<Value>(
  options: ContactOptions,
  talk: (peer: UnverifiedPeer) => Promise<Value>,
): Promise<Result<Value, HandshakeFailure>> {
  const context = createSecureContext({ ...tlsPolicy, minVersion: "TLSv1.3", ca: [] });
  const { address, port } = options;
  return withDeadline({ ...options, duration: contactFor }, async (watch) => {
    const place = { address, port, protocol: "gridward-diag/1" } as const;
    const opened = await openTls(place, context, watch);
    if (!opened.ok) return opened;
    const value = await talk(opened.value);
    opened.value.end();
    return ok(value);
  });
}

/** A first contact includes a change of the database of the other side. */
const contactFor = 6 * unverifiedFor;

interface Limits {
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly duration?: number;
}

/** Runs `work`; the socket it registers is destroyed when time is up or `stop` is raised. */
async function withDeadline<Value>(
  { clock, stop, duration = unverifiedFor }: Limits,
  work: (watch: (socket: TLSSocket) => void) => Promise<Value>,
): Promise<Value> {
  const done = new AbortController();
  let watched: TLSSocket | undefined;
  const cut = async (): Promise<void> => {
    await clock.sleep(duration, AbortSignal.any([done.signal, stop]));
    if (!done.signal.aborted) watched?.destroy(new Error("no answer in time"));
  };
  void cut();
  try {
    return await work((socket) => {
      watched = socket;
    });
  } finally {
    done.abort();
  }
}

interface Place {
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly trial?: string;
}

async function openTls(
  { address, port, protocol, trial }: Place,
  secureContext: SecureContext,
  watch: (socket: TLSSocket) => void,
): Promise<Result<UnverifiedPeer, HandshakeFailure>> {
  const { promise, resolve } = Promise.withResolvers<Result<UnverifiedPeer, HandshakeFailure>>();
  const socket = connect({
    secureContext,
    host: address,
    port,
    servername: trial === undefined ? serverName(address) : trialName(trial),
    ALPNProtocols: [protocol],
    // The judge decides, after the handshake: Node would tell the other side nothing.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  watch(socket);
  let failure: unknown;
  socket.on("error", (error) => {
    failure = error;
  });
  socket.on("close", () => resolve(err(causeOfTlsError(failure, "dial"))));
  socket.on("secureConnect", () => {
    if (socket.alpnProtocol === protocol) {
      resolve(ok(new UnverifiedPeer(socket)));
      return;
    }
    socket.destroy();
    const said = `answered with protocol ${String(socket.alpnProtocol)}`;
    resolve(err({ cause: "T13", by: "us", said }));
  });
  return promise;
}

/** RFC 6066 §3: an address is not a server name. */
function serverName(address: string): string {
  return isIP(address) === 0 ? address : "";
}

/** The facts of a handshake that did not come to a verdict. */
function unreached(options: DialOptions, failure: HandshakeFailure): LinkOutcome {
  const { address, port, protocol, settings } = options;
  const { cause, by, said } = failure;
  const offers: Readonly<Record<string, string>> = {
    T11: settings.tlsMin === "1.3" ? "speaks TLS 1.3" : "speaks TLS 1.2 and 1.3",
    T12: `offers ${tlsPolicy.ciphers} with ${tlsPolicy.ecdhCurve}`,
    T13: `asks for ${protocol}`,
    T14: "speaks TLS",
  };
  assert(cause !== "T16", "only a verdict can say so");
  return {
    outcome: "refused",
    cause,
    by,
    direction: "dial",
    ours: offers[cause] ?? `dialled ${address}:${port}`,
    theirs: said,
    fromPartner: true,
    address: `${address}:${port}`,
  };
}

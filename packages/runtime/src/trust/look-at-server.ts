import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { err, ok, type Result } from "@gridward/core/base/result";
import { second, type Millis } from "@gridward/core/base/time";
import type { Clock } from "../os/clock.ts";
import { peerChain } from "./peer-chain.ts";
import { causeOfTlsError, type HandshakeFailure } from "./tls-error.ts";
import { tlsPolicy } from "./tls-policy.ts";

/** Where to look, and whom to trust. */
export interface LookOrder {
  readonly host: string;
  readonly port: number;
  /** PEM; none: nobody is trusted. */
  readonly anchors: readonly string[];
  readonly clock: Clock;
}

/** What a TLS server shows of itself in handshakes. */
export interface ServerLook {
  readonly versions: readonly TlsVersion[];
  readonly cipher: string;
  /** As presented, leaf first. */
  readonly chain: readonly X509Certificate[];
  /** What OpenSSL says of it; null if it is content. */
  readonly handshake: string | null;
  /** How it turned away a client without a certificate, if it did. */
  readonly refusesUs: HandshakeFailure | null;
}

export type TlsVersion = "TLSv1.2" | "TLSv1.3";

/** For all handshakes together. */
const lookWithin: Millis = 10 * second;

/** TLS 1.3: that it wants a certificate, a server says only after its last word of the handshake. */
const secondThoughts: Millis = second;

/**
 * Dials a server and looks at it: one handshake with all that we speak, and one for the other
 * version. No byte is sent beyond the handshakes, and no certificate is shown. Never throws, takes
 * 10 s at most. Whoever answers no handshake of ours is told by cause.
 */
export async function lookAtServer(
  order: LookOrder,
): Promise<Result<ServerLook, HandshakeFailure>> {
  const done = new AbortController();
  const late = new AbortController();
  void order.clock.sleep(lookWithin, done.signal).then(() => late.abort());
  try {
    return await look(order, late.signal);
  } finally {
    done.abort();
  }
}

async function look(
  order: LookOrder,
  late: AbortSignal,
): Promise<Result<ServerLook, HandshakeFailure>> {
  const both = ["TLSv1.2", "TLSv1.3"] as const;
  const met = await shake(order, both, { late, wait: secondThoughts });
  if (!met.ok) return met;
  const { version, ...rest } = met.value;
  const other = version === "TLSv1.3" ? "TLSv1.2" : "TLSv1.3";
  // What was agreed on is the newer of what both speak.
  const older =
    other === "TLSv1.2" ? await shake(order, [other, other], { late, wait: 0 }) : err(null);
  return ok({ ...rest, versions: older.ok ? [other, version] : [version] });
}

type Met = Omit<ServerLook, "versions"> & { readonly version: TlsVersion };

async function shake(
  { host, port, anchors, clock }: LookOrder,
  [minVersion, maxVersion]: readonly [TlsVersion, TlsVersion],
  { late, wait }: { readonly late: AbortSignal; readonly wait: Millis },
): Promise<Result<Met, HandshakeFailure>> {
  const { promise, resolve } = Promise.withResolvers<Result<Met, HandshakeFailure>>();
  const socket = connect({
    ...tlsPolicy,
    minVersion,
    maxVersion,
    host,
    port,
    ca: [...anchors],
    servername: isIP(host) === 0 ? host : "",
    // It is judged later: to be refused is what people want to hear about.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  let met: Omit<Met, "refusesUs"> | undefined;
  let failure: unknown;
  const cut = (): void => void socket.destroy(new Error("no answer in time"));
  late.addEventListener("abort", cut);
  if (late.aborted) cut();
  socket.on("error", (error) => {
    failure = error;
  });
  socket.on("secureConnect", () => {
    met = seenOf(socket);
    // What it sends after that is read and dropped, an alert excepted.
    socket.on("data", () => undefined);
    void clock.sleep(wait, late).then(() => socket.destroy());
  });
  socket.on("close", () => {
    late.removeEventListener("abort", cut);
    const said = causeOfTlsError(failure, "dial");
    if (met === undefined) resolve(err(said));
    else resolve(ok({ ...met, refusesUs: said.cause === "T17" ? null : said }));
  });
  return promise;
}

function seenOf(socket: TLSSocket): Omit<Met, "refusesUs"> {
  const { authorized, authorizationError } = socket;
  return {
    version: socket.getProtocol() === "TLSv1.3" ? "TLSv1.3" : "TLSv1.2",
    cipher: socket.getCipher().standardName,
    chain: peerChain(socket),
    handshake: authorized ? null : String(authorizationError),
  };
}

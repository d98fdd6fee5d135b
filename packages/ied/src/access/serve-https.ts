import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock } from "@gridward/runtime/os/clock";
import { connectionAgeMax } from "@gridward/runtime/link/limits";
import { limitConnections } from "@gridward/runtime/os/connection-limit";
import { limitHandshakes } from "@gridward/runtime/os/handshake-limit";
import { chainPem } from "@gridward/runtime/trust/authority-chain";
import { tlsPolicy } from "@gridward/runtime/trust/tls-policy";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";
import type { Device } from "../device.ts";
import type { DeviceIdentity, OwnCertificate } from "../own-certificate.ts";
import type { TrustAnchors } from "../trust-anchors.ts";
import { metricsText } from "./metrics.ts";

export interface HttpsParts {
  readonly device: Pick<Device, "status"> & {
    readonly authority: Pick<Device["authority"], "outputs">;
  };
  readonly own: Pick<OwnCertificate, "now" | "onChange">;
  readonly anchors: Pick<TrustAnchors, "sentWith">;
  readonly port: number;
  readonly clock: Clock;
}

export interface HttpsServer {
  readonly port: number;
  close(): Promise<void>;
}

const connections = { most: 64, mostOfOne: 32 };
/** Who asks for figures does so some times a minute. */
const handshakes = { most: 16, mostOfOne: 8, burst: 128, perSecond: 8 };
const handshakeTimeoutMs = 10_000;
const requestTimeoutMs = 10_000;
const prometheus = "text/plain; version=0.0.4";

/** DV9: the outputs for a SCADA to read. Nothing can be changed here and nothing is secret. */
export async function serveHttps(parts: HttpsParts): Promise<HttpsServer> {
  const { device, own, anchors, clock } = parts;
  const pages = new Map<string, () => readonly [type: string, body: string]>([
    ["/athstat", () => ["application/json", JSON.stringify(device.authority.outputs())]],
    ["/status", () => ["application/json", JSON.stringify(device.status())]],
    ["/metrics", () => [prometheus, metricsText(device.status(), device.authority.outputs())]],
  ]);
  const options = { ...tlsOf(own.now, anchors), handshakeTimeout: handshakeTimeoutMs };
  const server = createServer(options, (request, response) => {
    const page = request.method === "GET" ? pages.get(request.url ?? "") : undefined;
    const [type, body] = page?.() ?? ["text/plain", "There is nothing at this address.\n"];
    const status = page === undefined ? 404 : 200;
    response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
    response.end(body);
  });
  own.onChange((now) => server.setSecureContext(tlsOf(now, anchors)));
  server.requestTimeout = requestTimeoutMs;
  const onTurnedAway = (): void => {}; // Of no interest to a device, and it holds no record.
  limitConnections(server, { ...connections, onTurnedAway });
  limitHandshakes(server, { ...handshakes, now: () => clock.monotonic(), onTurnedAway });
  server.on("secureConnection", (socket: TLSSocket) => void endWithAge(socket, clock));
  const { promise, resolve, reject } = Promise.withResolvers<HttpsServer>();
  server.once("error", reject);
  server.listen(parts.port, () => {
    resolve({ port: portOf(server.address()), close: async () => closeServer(server) });
  });
  return promise;
}

/** CS16: who asks every second would else keep the connection of a year ago. */
async function endWithAge(socket: TLSSocket, clock: Clock): Promise<void> {
  const closed = new AbortController();
  socket.once("close", () => closed.abort());
  await clock.sleep(connectionAgeMax, closed.signal);
  socket.destroySoon();
}

function tlsOf({ certificate, key }: DeviceIdentity, anchors: HttpsParts["anchors"]) {
  const cert = chainPem([certificate, ...anchors.sentWith(certificate)]);
  return { ...tlsPolicy, cert, key: keyToPem(key).reveal() };
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function closeServer(server: ReturnType<typeof createServer>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  return promise;
}

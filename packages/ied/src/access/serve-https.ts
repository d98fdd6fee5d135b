import type { KeyObject, X509Certificate } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tlsPolicy } from "@gridward/runtime/trust/tls-policy";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";
import type { Device } from "../device.ts";
import { metricsText } from "./metrics.ts";

export interface HttpsParts {
  readonly device: Device;
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  readonly port: number;
}

export interface HttpsServer {
  readonly port: number;
  close(): Promise<void>;
}

const connectionsMax = 64;
const requestTimeoutMs = 10_000;
const prometheus = "text/plain; version=0.0.4";

/** DV9: the outputs for a SCADA to read. Nothing can be changed here and nothing is secret. */
export async function serveHttps(parts: HttpsParts): Promise<HttpsServer> {
  const { device, certificate, key } = parts;
  const pages = new Map<string, () => readonly [type: string, body: string]>([
    ["/athstat", () => ["application/json", JSON.stringify(device.authority.outputs())]],
    ["/status", () => ["application/json", JSON.stringify(device.status())]],
    ["/metrics", () => [prometheus, metricsText(device.status(), device.authority.outputs())]],
  ]);
  const identity = { cert: certificate.toString(), key: keyToPem(key).reveal() };
  const server = createServer({ ...tlsPolicy, ...identity }, (request, response) => {
    const page = request.method === "GET" ? pages.get(request.url ?? "") : undefined;
    const [type, body] = page?.() ?? ["text/plain", "There is nothing at this address.\n"];
    const status = page === undefined ? 404 : 200;
    response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
    response.end(body);
  });
  server.requestTimeout = requestTimeoutMs;
  server.maxConnections = connectionsMax;
  const { promise, resolve, reject } = Promise.withResolvers<HttpsServer>();
  server.once("error", reject);
  server.listen(parts.port, () => {
    resolve({ port: portOf(server.address()), close: async () => closeServer(server) });
  });
  return promise;
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

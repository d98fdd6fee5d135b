import { createServer, type Server } from "node:https";
import { createSecureContext } from "node:tls";
import fastify, { type FastifyInstance } from "fastify";
import { bodyBytesMax, routes } from "@gridward/core/api/routes";
import { freshId } from "@gridward/runtime/os/random";
import { clientHandshakes, limitHandshakes } from "@gridward/runtime/os/handshake-limit";
import { sourceGroup } from "@gridward/runtime/os/source-group";
import { limitSources } from "@gridward/runtime/os/source-limit";
import { tlsPolicy } from "@gridward/runtime/trust/tls-policy";
import { triesOfOne } from "../../clients/tries.ts";
import type { Endpoint } from "../../desk/endpoint.ts";
import {
  answerError,
  answerRefusal,
  answerRequest,
  refuseUnread,
  type Exchange,
} from "./answer-request.ts";
import { noteBeginnings } from "./begun-under.ts";
import { addHealth } from "./health.ts";
import { addMetrics } from "./metrics.ts";
import { limitConnections } from "@gridward/runtime/os/connection-limit";
import type { MountedRoute } from "../../mounted-route.ts";
import type { HttpsParts, HttpsServer } from "./https-parts.ts";
import { isOpenToAll, judgeClient } from "./judge-client.ts";
import { bodyBytes, peerCertificate, readRequestId, restOf, sourceOf } from "./read-request.ts";
import { putDownConnections } from "./put-down.ts";

const headerBytesMax = 8_192;
const headersTimeoutMs = 10_000;
const handshakeTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
const idleTimeoutMs = 60_000;
/** A connection on which nothing moves for so long is closed: also one whose peer does not read. */
const stillTimeoutMs = 120_000;
/** A name of 64 characters, each of them percent-encoded UTF-8 of four bytes. */
const pathParameterMax = 768;

interface HttpsPlace {
  readonly host: string;
  readonly port: number;
  /** How long nothing may move, and a handshake may take; tests wait less. */
  readonly stillMs?: number;
  readonly handshakeMs?: number;
}

/** Opens the HTTPS interface; port 0 takes any that is free. */
export async function serveHttps(
  parts: HttpsParts,
  { stillMs = stillTimeoutMs, handshakeMs = handshakeTimeoutMs, ...at }: HttpsPlace,
): Promise<HttpsServer> {
  const secure = createServer({
    ...fixedTls,
    ...parts.tls,
    SNICallback: (name, done) => {
      const tls = parts.tlsFor(name);
      done(null, tls && createSecureContext({ ...fixedTls, ...tls }));
    },
    handshakeTimeout: handshakeMs,
    maxHeaderSize: headerBytesMax,
  });
  secure.timeout = stillMs;
  const app = createApp(parts, secure);
  await app.listen(at);
  return {
    port: portOf(secure, at.port),
    replaceTls: (tls) => secure.setSecureContext({ ...fixedTls, ...tls }),
    close: async () => app.close(),
  };
}

function portOf(server: Server, wanted: number): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : wanted;
}

/**
 * A certificate is asked for, and judged by the one judge where a route needs it (design §6).
 */
const fixedTls = {
  ...tlsPolicy,
  requestCert: true,
  rejectUnauthorized: false,
  ALPNProtocols: ["http/1.1"],
};

const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
};

function createApp(parts: HttpsParts, secure: Server): FastifyInstance {
  secure.headersTimeout = headersTimeoutMs;
  secure.requestTimeout = requestTimeoutMs;
  secure.keepAliveTimeout = idleTimeoutMs;
  limitConnections(secure, parts.limit);
  const { most, onTurnedAway } = parts.limit;
  limitHandshakes(secure, { ...clientHandshakes(most), now: parts.front.now, onTurnedAway });
  putDownConnections(secure, parts);
  noteBeginnings(secure, parts);
  const app = fastify({
    serverFactory: (listener) => secure.on("request", listener),
    bodyLimit: bodyBytesMax,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    genReqId: () => freshId(),
    routerOptions: { maxParamLength: pathParameterMax },
    frameworkErrors: (error, request, reply) => void answerError(parts, { request, reply }, error),
  });
  // The framework decides nothing about a body: its type and content are judged by us.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_, body, done) => done(null, body));
  app.addHook("onSend", (_, reply, payload, done) => {
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (!reply.hasHeader(name)) reply.header(name, value);
    }
    done(null, payload);
  });
  app.addHook("onRequest", async (request, reply) => {
    const client = isOpenToAll(request.routeOptions.url) ? null : judgeClient(parts, request);
    return client?.ok === false
      ? // Its detail is the code of the cause, or the fingerprint of its own certificate.
        answerRefusal(parts, { request, reply, isKnown: true }, client.error)
      : undefined;
  });
  app.setNotFoundHandler((request, reply) =>
    answerRefusal(parts, { request, reply }, { code: "request.not-found", detail: "" }),
  );
  app.setErrorHandler((error, request, reply) => answerError(parts, { request, reply }, error));
  addHealth(app, parts.front);
  addMetrics(app, parts);
  addRoutes(app, parts);
  const isTriedTooOften = limitTries(parts);
  for (const mounted of parts.mounted) addMounted(app, { parts, isTriedTooOften }, mounted);
  return app;
}

/** Answers a try too many; true: that was one. */
type TryLimit = (exchange: Exchange) => Promise<boolean>;

function limitTries(parts: HttpsParts): TryLimit {
  const limit = limitSources(triesOfOne);
  return async (exchange) => {
    const admitted = limit.admit(sourceGroup(sourceOf(exchange.request)), parts.front.now());
    if (admitted.ok) return false;
    exchange.reply.header("retry-after", String(admitted.waitS));
    await answerRefusal(parts, exchange, { code: "request.too-often", detail: "" });
    return true;
  };
}

function addRoutes(app: FastifyInstance, parts: HttpsParts): void {
  const isTriedTooOften = limitTries(parts);
  const answer = async (endpoint: Endpoint, exchange: Exchange): Promise<void> => {
    if (endpoint.route === routes.signIn && (await isTriedTooOften(exchange))) return;
    await answerRequest(parts, endpoint, exchange);
  };
  for (const endpoint of Object.values(parts.endpoints)) {
    const { method, path, bodyBytesMax: most = bodyBytesMax } = endpoint.route;
    app.route({
      method,
      url: path.replaceAll(/\{(\w+)\}/g, ":$1"),
      bodyLimit: most,
      onRequest: async (request, reply) =>
        most > bodyBytesMax ? refuseUnread(parts, endpoint, { request, reply }) : undefined,
      handler: async (request, reply) => answer(endpoint, { request, reply }),
    });
  }
}

function addMounted(
  app: FastifyInstance,
  { parts, isTriedTooOften }: { readonly parts: HttpsParts; readonly isTriedTooOften: TryLimit },
  mounted: MountedRoute,
): void {
  app.route({
    method: mounted.method,
    url: mounted.path,
    handler: async (request, reply) => {
      if (mounted.isTry === true && (await isTriedTooOften({ request, reply }))) return reply;
      const requestId = readRequestId(request);
      if (!requestId.ok) return answerRefusal(parts, { request, reply }, requestId.error);
      const answered = await mounted.answer({
        headers: request.headers,
        body: bodyBytes(request),
        rest: restOf(request),
        certificate: peerCertificate(request),
        source: sourceOf(request),
        requestId: requestId.value,
      });
      return reply.code(answered.status).headers(answered.headers).send(answered.body);
    },
  });
}

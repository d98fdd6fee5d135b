import type { FastifyReply, FastifyRequest } from "fastify";
import { requestIdHeader } from "@gridward/core/api/routes";
import { ok, type Result } from "@gridward/core/base/result";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { Actor } from "@gridward/core/domain/types";
import { errorCode } from "@gridward/runtime/os/files";
import { checkAccess } from "../../desk/access.ts";
import type { Endpoint } from "../../desk/endpoint.ts";
import { refusedEvent } from "../../desk/refused-event.ts";
import { answerReply, refusalReply } from "../../desk/reply.ts";
import type { KnownClient } from "../../clients/client-gate.ts";
import type { Session } from "../../session.ts";
import { begunUnder } from "./begun-under.ts";
import type { HttpsParts } from "./https-parts.ts";
import { judgeClient, objectionTo } from "./judge-client.ts";
import { readJson, readRequestId, readToken, sourceOf } from "./read-request.ts";

/** One request and the place for its answer. */
export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Session, access, parsing, answer: in this order, so a stranger learns nothing of a route. */
export async function answerRequest(
  parts: HttpsParts,
  endpoint: Endpoint,
  exchange: Exchange,
): Promise<FastifyReply> {
  const { request, reply } = exchange;
  const { access } = endpoint.route;
  const client = judgeClient(parts, request);
  if (!client.ok) return answerRefusal(parts, exchange, client.error);
  const session = access === "anyone" ? ok(null) : readSession(parts, request, client.value);
  if (!session.ok) return answerRefusal(parts, exchange, session.error);
  const allowed = checkAccess(session.value, access);
  const known = { ...exchange, isKnown: session.value !== null };
  const actor = actorOf(session.value, request);
  const noteRefused = (refusal: Refusal): void => {
    const event = refusedEvent(endpoint.route, refusal);
    const order = `${request.method} ${endpoint.route.path}`;
    if (event !== undefined && session.value !== null) {
      parts.noteRefused({ actor, event, order, refusal });
    }
  };
  if (!allowed.ok) {
    noteRefused(allowed.error);
    return answerRefusal(parts, known, allowed.error);
  }
  const body = readJson(request);
  if (!body.ok) return answerRefusal(parts, known, body.error);
  const requestId = readRequestId(request);
  if (!requestId.ok) return answerRefusal(parts, known, requestId.error);
  const answered = await endpoint.run(
    { params: request.params, query: { ...plainMembers(request.query) }, body: body.value },
    {
      session: session.value,
      actor,
      requestId: requestId.value,
      client: client.value,
      objection: objectionTo(parts, request),
      begunUnder: begunUnder(request),
    },
  );
  if (!answered.ok) {
    noteRefused(answered.error);
    return answerRefusal(parts, known, answered.error);
  }
  reply.header(requestIdHeader, requestId.value);
  return reply.code(200).send(answerReply(answered.value, parts.front).body);
}

export function answerRefusal(
  parts: HttpsParts,
  exchange: Exchange & { readonly isKnown?: boolean },
  refusal: Refusal,
): FastifyReply {
  const { request, reply } = exchange;
  const context = { front: parts.front, isKnown: exchange.isKnown === true, id: request.id };
  const { status, body } = refusalReply(refusal, context);
  // RFC 9110 §11.6.1: a 401 names the scheme.
  if (status === 401) reply.header("www-authenticate", 'Bearer realm="gridward"');
  if (status === 503) reply.header("retry-after", "2");
  return reply.code(status).send(body);
}

/** What the framework refused before we saw it, or a fault of ours. */
export function answerError(parts: HttpsParts, exchange: Exchange, error: unknown): FastifyReply {
  const code = errorCode(error);
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return answerRefusal(parts, exchange, { code: "request.too-large", detail: "1 MiB" });
  }
  if (code.startsWith("FST_")) {
    return answerRefusal(parts, exchange, { code: "request.malformed", detail: "" });
  }
  const { request, reply } = exchange;
  parts.reportDefect(request.id, error);
  // Of a fault of ours a peer learns only where to find it.
  const message = "This is a fault of the server; its log has the id that is named.";
  const failure = { code: "server.defect", message, where: null, next: [], id: request.id };
  return reply.code(500).send({ ok: false, error: failure });
}

function readSession(
  parts: HttpsParts,
  request: FastifyRequest,
  client: KnownClient | null,
): Result<Session | null, Refusal> {
  const token = readToken(request);
  if (token === null) return ok(null);
  // A server without a complete database cannot tell a live session from an ended one.
  if (!parts.front.condition().canSignIn) {
    return { ok: false, error: { code: "server.unavailable", detail: "" } };
  }
  return parts.sessions.check(token, client);
}

function actorOf(session: Session | null, request: FastifyRequest): Actor {
  const { id, name } = session?.account ?? { id: "", name: "" };
  return { kind: "account", id, name, door: "https", source: sourceOf(request) };
}

/** The framework's query is an object without prototype or, for a bare path, nothing at all. */
function plainMembers(query: unknown): object {
  return typeof query === "object" && query !== null ? query : {};
}

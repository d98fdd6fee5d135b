import type { FastifyReply, FastifyRequest } from "fastify";
import { bodyBytesMax, requestIdHeader } from "@gridward/core/api/routes";
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
  const admitted = admit(parts, endpoint, request);
  if (!admitted.ok) return refuseOrder(parts, endpoint, { ...exchange, ...admitted });
  const { client, session } = admitted;
  const known = { ...exchange, isKnown: session !== null };
  const body = readJson(request);
  if (!body.ok) return answerRefusal(parts, known, body.error);
  const requestId = readRequestId(request);
  if (!requestId.ok) return answerRefusal(parts, known, requestId.error);
  const answered = await endpoint.run(
    { params: request.params, query: { ...plainMembers(request.query) }, body: body.value },
    {
      session,
      actor: actorOf(session, request),
      requestId: requestId.value,
      client,
      objection: objectionTo(parts, request),
      begunUnder: begunUnder(request),
    },
  );
  if (!answered.ok) return refuseOrder(parts, endpoint, { ...exchange, ...answered, session });
  reply.header(requestIdHeader, requestId.value);
  return reply.code(200).send(answerReply(answered.value, parts.front).body);
}

/** Where a body may be large, nobody sends one who may not: it is refused before it is read. */
export async function refuseUnread(
  parts: HttpsParts,
  endpoint: Endpoint,
  exchange: Exchange,
): Promise<FastifyReply | undefined> {
  const admitted = admit(parts, endpoint, exchange.request);
  return admitted.ok ? undefined : refuseOrder(parts, endpoint, { ...exchange, ...admitted });
}

type Admission =
  | { readonly ok: true; readonly client: KnownClient | null; readonly session: Session | null }
  | Refused;

/** And to whom; null: to nobody who is signed in. */
interface Refused {
  readonly ok: false;
  readonly error: Refusal;
  readonly session: Session | null;
}

function admit(parts: HttpsParts, { route }: Endpoint, request: FastifyRequest): Admission {
  const { access } = route;
  const client = judgeClient(parts, request);
  if (!client.ok) return { ...client, session: null };
  const session = access === "anyone" ? ok(null) : readSession(parts, request, client.value);
  if (!session.ok) return { ...session, session: null };
  const allowed = checkAccess(session.value, access);
  if (!allowed.ok) return { ...allowed, session: session.value };
  return { ok: true, client: client.value, session: session.value };
}

/** What is refused to who is signed in is told, where the catalogue has a number for it (AM7). */
function refuseOrder(
  parts: HttpsParts,
  { route }: Endpoint,
  { error: refusal, session, ...exchange }: Exchange & Refused,
): FastifyReply {
  const event = refusedEvent(route, refusal);
  if (event !== undefined && session !== null) {
    const order = `${exchange.request.method} ${route.path}`;
    parts.noteRefused({ actor: actorOf(session, exchange.request), event, order, refusal });
  }
  return answerRefusal(parts, { ...exchange, isKnown: session !== null }, refusal);
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
  const { request, reply } = exchange;
  const code = errorCode(error);
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    const most = request.routeOptions.bodyLimit ?? bodyBytesMax;
    const detail = `${Math.floor(most / 1_024 / 1_024)} MiB`;
    return answerRefusal(parts, exchange, { code: "request.too-large", detail });
  }
  if (code.startsWith("FST_")) {
    return answerRefusal(parts, exchange, { code: "request.malformed", detail: "" });
  }
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

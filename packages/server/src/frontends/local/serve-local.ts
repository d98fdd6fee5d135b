import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { bodyBytesMax, requestIdHeader, requestIdText } from "@gridward/core/api/routes";
import { concat, decodeUtf8, type Bytes } from "@gridward/core/base/bytes";
import { requestId, type RequestId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Refusal } from "@gridward/core/domain/refusal";
import { listenLocally } from "@gridward/runtime/os/local-listener";
import { freshId, freshRequestId } from "@gridward/runtime/os/random";
import type { Endpoint } from "../../desk/endpoint.ts";
import type { LocalUse } from "../../desk/local-use.ts";
import { answerReply, refusalReply, type Reply } from "../../desk/reply.ts";
import type { FrontEndParts } from "../../parts.ts";

export interface LocalParts {
  readonly front: FrontEndParts;
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  /** Name of the operating system's user who owns the data directory, and so of every peer. */
  readonly user: string;
  /** Every order is told, refused or not: it passes by all roles (design §10). */
  readonly reportUse: (use: LocalUse) => void;
  readonly reportDefect: (id: string, error: unknown) => void;
}

export interface LocalServer {
  close(): Promise<void>;
}

const requestTimeoutMs = 30_000;
const connectionsMax = 64;

/** Opens the socket of a data directory; who can connect owns the directory. */
export async function serveLocal(parts: LocalParts, path: string): Promise<LocalServer> {
  const server = createServer((request, response) => {
    void answer(parts, request).then(({ status, body }) => send(response, status, body));
  });
  server.requestTimeout = requestTimeoutMs;
  server.maxConnections = connectionsMax;
  await listenLocally(server, path);
  return {
    close: async () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, status: number, body: Reply["body"]): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}

/** Never rejects: what goes wrong is an answer, too. */
async function answer(parts: LocalParts, request: IncomingMessage): Promise<Reply> {
  const id = freshId();
  try {
    const answered = await carryOut(parts, request);
    if (answered.ok) return answerReply(answered.value, parts.front);
    // Whoever owns the data directory may hear everything.
    return refusalReply(answered.error, { front: parts.front, isKnown: true, id });
  } catch (error) {
    parts.reportDefect(id, error);
    const message = "This is a fault of the server; its log has the id that is named.";
    const failure = { code: "server.defect", message, where: null, next: [], id };
    return { status: 500, body: { ok: false, error: failure } };
  }
}

async function carryOut(
  parts: LocalParts,
  request: IncomingMessage,
): Promise<Result<unknown, Refusal>> {
  const path = request.url ?? "";
  const endpoint = Object.values(parts.endpoints).find(
    ({ route }) => route.path === path && route.method === request.method,
  );
  if (endpoint === undefined) return err({ code: "request.not-found", detail: path.slice(0, 64) });
  const body = await readBody(request);
  if (!body.ok) return body;
  const known = readRequestId(request);
  if (!known.ok) return known;
  const { user } = parts;
  const actor = { kind: "local", id: user, name: user, door: "local", source: "" } as const;
  const caller = {
    session: null,
    actor,
    requestId: known.value,
    client: null,
    objection: () => null,
    begunUnder: null,
  };
  const answered = await endpoint.run({ params: {}, query: {}, body: body.value }, caller);
  if (request.method !== "GET") {
    parts.reportUse({ path, user, refusal: answered.ok ? null : answered.error });
  }
  return answered;
}

async function readBody(request: IncomingMessage): Promise<Result<unknown, Refusal>> {
  const pieces: Bytes[] = [];
  let length = 0;
  for await (const piece of request) {
    if (!(piece instanceof Uint8Array)) continue; // A stream of bytes gives nothing else.
    length += piece.length;
    if (length > bodyBytesMax) return err({ code: "request.too-large", detail: "1 MiB" });
    pieces.push(piece);
  }
  if (length === 0) return ok(null);
  const text = decodeUtf8(concat(pieces));
  try {
    return text.ok ? ok(JSON.parse(text.value)) : malformed("body: not UTF-8");
  } catch {
    return malformed("body: not JSON");
  }
}

function readRequestId(request: IncomingMessage): Result<RequestId, Refusal> {
  const text = request.headers[requestIdHeader];
  if (text === undefined) return ok(freshRequestId());
  if (typeof text === "string" && requestIdText.test(text)) return ok(requestId(text));
  return malformed(`header ${requestIdHeader}: 26 characters`);
}

function malformed(detail: string): Result<never, Refusal> {
  return err({ code: "request.malformed", detail });
}

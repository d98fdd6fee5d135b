import { TLSSocket } from "node:tls";
import type { FastifyRequest } from "fastify";
import { requestIdHeader, requestIdText } from "@gridward/core/api/routes";
import { decodeUtf8, type Bytes } from "@gridward/core/base/bytes";
import { requestId, type RequestId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import type { Refusal } from "@gridward/core/domain/refusal";
import { plainAddress } from "@gridward/runtime/os/plain-address";
import { freshRequestId } from "@gridward/runtime/os/random";

/** RFC 8259 §8.1: JSON between systems is UTF-8, so a charset may only say that. */
const jsonType = /^application\/json(?:\s*;\s*charset="?utf-8"?)?$/i;

/** The body as JSON, or null where none was sent. */
export function readJson(request: FastifyRequest): Result<unknown, Refusal> {
  const bytes = bodyBytes(request);
  if (bytes.length === 0) return ok(null);
  if (!jsonType.test(request.headers["content-type"] ?? "")) {
    return err({ code: "request.wrong-type", detail: "application/json" });
  }
  const text = decodeUtf8(bytes);
  if (!text.ok) return err({ code: "request.malformed", detail: "body: not UTF-8" });
  try {
    return ok(JSON.parse(text.value));
  } catch {
    return err({ code: "request.malformed", detail: "body: not JSON" });
  }
}

export function bodyBytes(request: FastifyRequest): Bytes {
  return request.body instanceof Uint8Array ? request.body : new Uint8Array();
}

/** What the end of a path that is open holds; "" where it is not. */
export function restOf({ params }: FastifyRequest): string {
  if (typeof params !== "object" || params === null) return "";
  const rest: unknown = Reflect.get(params, "*");
  return typeof rest === "string" ? rest : "";
}

/** The caller's own, so that a retry is recognised, or a fresh one. */
export function readRequestId(request: FastifyRequest): Result<RequestId, Refusal> {
  const text = request.headers[requestIdHeader];
  if (text === undefined) return ok(freshRequestId());
  if (typeof text === "string" && requestIdText.test(text)) return ok(requestId(text));
  return err({ code: "request.malformed", detail: `header ${requestIdHeader}: 26 characters` });
}

/** RFC 6750 §2.1. */
export function readToken(request: FastifyRequest): Secret<string> | null {
  const [, token] = /^Bearer ([\w.~+/-]+=*)$/.exec(request.headers.authorization ?? "") ?? [];
  return token === undefined ? null : new Secret(token);
}

/** Network address of the peer. */
export function sourceOf(request: FastifyRequest): string {
  return plainAddress(request.socket.remoteAddress);
}

/** DER of the certificate the peer presented, judged by nobody yet. */
export function peerCertificate(request: FastifyRequest): Bytes | null {
  // The framework knows its sockets as plain ones; ours are those of a TLS server.
  const { socket } = request;
  return socket instanceof TLSSocket ? (socket.getPeerX509Certificate()?.raw ?? null) : null;
}

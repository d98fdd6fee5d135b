import { TLSSocket } from "node:tls";
import type { FastifyRequest } from "fastify";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Refusal } from "@gridward/core/domain/refusal";
import { objectToVersion } from "@gridward/runtime/trust/tls-policy";
import type { KnownClient } from "../../clients/client-gate.ts";
import type { Caller } from "../../desk/caller.ts";
import type { HttpsParts } from "./https-parts.ts";

/**
 * Design §6: what must be reached without a certificate, because it leads to one or tells of those
 * that count no more. Each speaks for itself: by a one-time code, by a signature, or with a judge of its own.
 */
const openToAll: readonly RegExp[] = [
  /^\/health(?:\/main)?$/,
  /^\/\.well-known\/est\/(?:cacerts|csrattrs|simple(?:re)?enroll)$/,
  /^\/crl\//,
  /^\/ocsp(?:\/|$)/,
];

/** By the path under which a route is registered; undefined is no route. */
export function isOpenToAll(path: string | undefined): boolean {
  return path !== undefined && openToAll.some((each) => each.test(path));
}

/** Judged anew under other settings: version and certificate, not what was found of them before. */
export function objectionTo(
  { clients }: Pick<HttpsParts, "clients">,
  { socket }: { readonly socket: unknown },
): Caller["objection"] {
  return (settings, state) => {
    if (!(socket instanceof TLSSocket)) return null;
    const version = objectToVersion(socket.getProtocol(), settings.tls_min);
    return version ?? clients.objection(socket, settings, state);
  };
}

/** Whose certificate the connection presented, found good; null where none must be. */
export function judgeClient(
  { clients }: Pick<HttpsParts, "clients">,
  { socket }: Pick<FastifyRequest, "socket">,
): Result<KnownClient | null, Refusal> {
  // The framework knows its sockets as plain ones; ours are those of a TLS server.
  if (!(socket instanceof TLSSocket)) return ok(null);
  const judged = clients.judge(socket, "https");
  return judged.verdict === "ok" ? ok(judged.client) : err(judged.refusal);
}

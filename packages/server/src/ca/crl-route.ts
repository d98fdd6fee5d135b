import { second } from "@gridward/core/base/time";
import type { FrontEndParts } from "../parts.ts";
import type { MountedAnswer, MountedRoute } from "../mounted-route.ts";
import { crlDirectory } from "./crl-place.ts";

/** A copy on the way may hide a revocation no longer than this. */
const cachedForS = 600;

/** The revocation lists, DER (RFC 5280 §4.2.1.13, RFC 2585 §4): for anyone, on every server. */
export function crlRoute(front: Pick<FrontEndParts, "state" | "now">): MountedRoute {
  return {
    method: "GET",
    path: `${crlDirectory}/*`,
    answer: async ({ rest = "" }) => Promise.resolve(answer(front, rest)),
  };
}

function answer({ state, now }: Pick<FrontEndParts, "state" | "now">, name: string): MountedAnswer {
  const { authorities, crls } = state().tables;
  const id = name.replace(/\.crl$/, "");
  const crl = crls.get(id);
  if (crl === undefined && authorities.size > 0 && !authorities.has(id)) {
    const headers = { "content-type": "text/plain; charset=utf-8" };
    return { status: 404, headers, body: "There is no such authority.\n" };
  }
  if (crl === undefined) {
    const headers = { "content-type": "text/plain; charset=utf-8", "retry-after": "5" };
    return { status: 503, headers, body: "There is no revocation list yet.\n" };
  }
  const leftS = Math.floor((crl.nextUpdate - now()) / second);
  return {
    status: 200,
    headers: {
      "content-type": "application/pkix-crl",
      "cache-control": `public, max-age=${Math.max(0, Math.min(cachedForS, leftS))}`,
      "last-modified": new Date(crl.thisUpdate).toUTCString(),
    },
    body: Buffer.from(crl.encoded, "base64"),
  };
}

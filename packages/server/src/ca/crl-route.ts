import { second } from "@gridward/core/base/time";
import type { FrontEndParts } from "../parts.ts";
import type { MountedAnswer, MountedRoute } from "../mounted-route.ts";
import { authorityId } from "./authority.ts";
import { crlPath } from "./crl-place.ts";

/** A copy on the way may hide a revocation no longer than this. */
const cachedForS = 600;

/** The revocation list, DER (RFC 5280 §4.2.1.13, RFC 2585 §4): for anyone, on every server. */
export function crlRoute(front: Pick<FrontEndParts, "state" | "now">): MountedRoute {
  return { method: "GET", path: crlPath, answer: async () => Promise.resolve(answer(front)) };
}

function answer({ state, now }: Pick<FrontEndParts, "state" | "now">): MountedAnswer {
  const crl = state().tables.crls.get(authorityId);
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

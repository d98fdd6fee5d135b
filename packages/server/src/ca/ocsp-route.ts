import type { Bytes } from "@gridward/core/base/bytes";
import { second } from "@gridward/core/base/time";
import { ocspRequestBytesMax } from "@gridward/runtime/trust/x509/ocsp";
import type { MountedAnswer, MountedRoute } from "../mounted-route.ts";
import { OcspResponder, type OcspParts } from "./answer-ocsp.ts";
import { ocspPath } from "./crl-place.ts";

/** A copy on the way may hide a revocation no longer than this. */
const cachedForS = 600;

/** The OCSP responder (RFC 6960 appendix A): for anyone, on every server. */
export function ocspRoutes(parts: OcspParts): readonly MountedRoute[] {
  const responder = new OcspResponder(parts);
  return [
    {
      method: "POST",
      path: ocspPath,
      answer: async ({ headers, body }) => {
        if (!isRequestType(headers["content-type"])) {
          return refused(415, "The content type of a request is application/ocsp-request.");
        }
        if (body.length > ocspRequestBytesMax) return refused(413, tooLarge);
        return Promise.resolve(answered(responder.answer(body).body, "no-store"));
      },
    },
    {
      method: "GET",
      path: `${ocspPath}/*`,
      answer: async ({ rest = "" }) => {
        // Base64 has four characters for three octets.
        if (rest.length > 2 * ocspRequestBytesMax) return refused(414, tooLarge);
        const request = Buffer.from(rest, "base64");
        const { body, keptFor } = responder.answer(request);
        const forS = Math.min(cachedForS, Math.floor(keptFor / second));
        const kept = forS > 0 ? `public, max-age=${forS}` : "no-store";
        return Promise.resolve(answered(body, kept));
      },
    },
  ];
}

const tooLarge = `A request has at most ${ocspRequestBytesMax} bytes.`;

function isRequestType(field: string | readonly string[] | undefined): boolean {
  return typeof field === "string" && /^\s*application\/ocsp-request\s*(?:;|$)/i.test(field);
}

/** Also what is no request has an OCSP answer, with status 200. */
function answered(body: Bytes, cacheControl: string): MountedAnswer {
  const headers = { "content-type": "application/ocsp-response", "cache-control": cacheControl };
  return { status: 200, headers, body };
}

function refused(status: number, sentence: string): MountedAnswer {
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return { status, headers, body: `${sentence}\n` };
}

import { trustAnchors } from "@gridward/core/domain/authority-in-use";
import { readAuthorityChain } from "@gridward/runtime/trust/authority-chain";
import type { MountedAnswer, MountedRoute } from "../../mounted-route.ts";
import { answerEnrolment } from "./enrol.ts";
import { certificatesAnswer, refusalAnswer } from "./est-answer.ts";
import type { EstParts } from "./est-system.ts";
import { answerRenewal } from "./renew.ts";
import { requestAttributes } from "./request-attributes.ts";

/** Enrolment over secure transport (RFC 7030, RFC 8951), for the HTTPS port. */
export function estRoutes(parts: EstParts): readonly MountedRoute[] {
  return [
    {
      method: "GET",
      path: "/.well-known/est/cacerts",
      answer: async () => answerAuthorities(parts),
    },
    {
      method: "POST",
      path: "/.well-known/est/simpleenroll",
      isTry: true,
      answer: async (request) => answerEnrolment(parts, request),
    },
    {
      method: "POST",
      path: "/.well-known/est/simplereenroll",
      isTry: true,
      answer: async (request) => answerRenewal(parts, request),
    },
    {
      method: "GET",
      path: "/.well-known/est/csrattrs",
      answer: async () => requestAttributes,
    },
  ];
}

/**
 * RFC 7030 §4.1: asked by devices that hold no anchor yet, so it is for anyone. The one that issues
 * comes first: by that a device knows that it should renew (PK7). Behind each are those above it.
 */
function answerAuthorities({ front }: EstParts): MountedAnswer {
  const chains = trustAnchors(front.state()).flatMap((pem) => readAuthorityChain(pem) ?? []);
  const anchors = [...new Map(chains.map((one) => [one.fingerprint256, one])).values()];
  if (anchors.length === 0) {
    return refusalAnswer({ code: "server.unavailable", detail: "no authority" });
  }
  return certificatesAnswer(anchors, "application/pkcs7-mime");
}

import { againstRule, alreadySo, toOperator, wrongUse, type RefusalSpec } from "./refusal-spec.ts";

const askAgain =
  "Send the CA the request of `gridward ca request --out FILE` for a new certificate.";

/** An authority that a root certifies which is kept apart, or the utility's CA (PK1). */
export const authorityRefusals = {
  "authority.requested": {
    ...alreadySo,
    ...toOperator,
    says: "There is an open request for an authority already, of another key type or name.",
    remedy:
      "Leave these options out to get the open request, or give it up with `gridward ca request --withdraw`.",
  },
  "authority.no-request": {
    ...againstRule,
    ...toOperator,
    says: "There is no open request for an authority.",
    remedy: "Make one with `gridward ca request --out FILE`, and have it signed.",
  },
  "authority.not-found": {
    ...wrongUse,
    ...toOperator,
    says: "None of the certificates is for the key of the open request.",
    remedy:
      "Give the certificate that the CA made for the request of `gridward ca request --out FILE`, with its chain.",
  },
  "authority.unreadable": {
    ...wrongUse,
    ...toOperator,
    says: "The file with the chain cannot be read.",
    remedy: "Give PEM, DER or PKCS#7 up to 256 KiB, without keys.",
  },
  "authority.not-ca": {
    ...againstRule,
    ...toOperator,
    says: "A certificate of the chain is not one of an authority.",
    remedy: `Basic constraints CA:TRUE are needed. ${askAgain}`,
  },
  "authority.cannot-sign": {
    ...againstRule,
    ...toOperator,
    says: "An authority of the chain may not sign certificates, or not the revocation lists.",
    remedy: `The key usages keyCertSign and cRLSign are needed. ${askAgain}`,
  },
  "authority.no-root": {
    ...againstRule,
    ...toOperator,
    says: "The chain does not lead to a root.",
    remedy: "Add the certificate that is missing to the file: all up to the self-signed root.",
  },
  "authority.too-long": {
    ...againstRule,
    ...toOperator,
    says: "There are more authorities above the requested one than peers look at.",
    remedy: "Have the request signed by an authority that is nearer to the root.",
  },
  "authority.path-length": {
    ...againstRule,
    ...toOperator,
    says: "An authority of the chain allows fewer authorities below it than there are.",
    remedy: "Have the request signed by an authority whose path length leaves room for it.",
  },
  "authority.not-in-time": {
    ...againstRule,
    ...toOperator,
    says: "A certificate of the chain has ended, or its time has not come.",
    remedy: "Compare the clocks; if they are right, have the CA renew what is named.",
  },
  "authority.weak": {
    ...againstRule,
    ...toOperator,
    says: "A certificate of the chain has a weak key, or is signed with a weak algorithm.",
    remedy: "RSA from 2048 bits, P-256 or P-384 are needed, signed with SHA-256 or better.",
  },
  "authority.server-away": {
    ...againstRule,
    ...toOperator,
    says: "A server has not heard of the next authority, and the present one does not prove it.",
    remedy:
      "Wait until `gridward pair status` shows every server valid, or take it out with `gridward pair remove`.",
  },
  "authority.unusable": {
    ...againstRule,
    ...toOperator,
    says: "OpenSSL refuses what an authority with this chain would issue for this server.",
    remedy:
      "Have the CA leave out what forbids it: name constraints, extended key usages or policies.",
  },
} as const satisfies Record<string, RefusalSpec>;

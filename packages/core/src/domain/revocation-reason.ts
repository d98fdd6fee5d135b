/**
 * Why a certificate is revoked, by the names of RFC 5280 §5.3.1. Left out: what is for an authority
 * (cACompromise, aACompromise), and certificateHold, which would let a certificate return.
 */
export const revocationReasons = [
  "unspecified",
  "keyCompromise",
  "superseded",
  "cessationOfOperation",
  "privilegeWithdrawn",
] as const;

export type RevocationReason = (typeof revocationReasons)[number];

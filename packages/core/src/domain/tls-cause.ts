/**
 * Why a TLS link was refused, once for link, console, CLI, events and documentation (CS9). The
 * sentence is the same on both sides: {refuser} is who said no, {refused} who was turned away.
 */
export interface TlsCauseSpec {
  readonly title: string;
  readonly says: string;
  readonly remedy: string;
}

export const tlsCauses = {
  T01: {
    title: "temporary certificate",
    says: "{refuser} validates certificates; {refused} presents a temporary, self-signed one.",
    remedy:
      "Run `gridward security set temporary=false` at {refused}; where it has no other " +
      "certificate, let it join the system, or create one. Or pin it at {refuser}: " +
      "`gridward security set partner-pin=FINGERPRINT`.",
  },
  T02: {
    title: "unknown issuer",
    says: "{refused} presents a certificate whose issuer {refuser} does not trust.",
    remedy: "Import the issuer at {refuser}, or let {refused} send its full chain.",
  },
  T03: {
    title: "expired",
    says: "{refused} presents a certificate that has expired by the clock of {refuser}.",
    remedy: "Compare both clocks, then renew the certificate of {refused}.",
  },
  T04: {
    title: "not yet valid",
    says: "{refused} presents a certificate that is not yet valid by the clock of {refuser}.",
    remedy: "Set both clocks right first; the certificate is probably good.",
  },
  T05: {
    title: "wrong name",
    says: "{refused} presents a certificate for another name than {refuser} expects.",
    remedy: "Correct the address under which {refused} is known, or reissue its certificate.",
  },
  T06: {
    title: "wrong purpose",
    says: "{refused} presents a certificate that is not made for this purpose.",
    remedy: "Reissue it by the right profile; servers need serverAuth and clientAuth.",
  },
  T07: {
    title: "revoked",
    says: "{refused} presents a certificate that has been revoked.",
    remedy: "Replace the certificate of {refused}.",
  },
  T08: {
    title: "revocation list missing or stale",
    says: "{refuser} has no current revocation list for the issuer of {refused}.",
    remedy: "Refresh the revocation list at {refuser}.",
  },
  T09: {
    title: "no client certificate",
    says: "{refuser} requires a client certificate; {refused} presents none.",
    remedy:
      "Run `gridward security set client-certificate=automatic` at {refused}; " +
      "a device without a certificate is enrolled again.",
  },
  T10: {
    title: "client certificate refused",
    says: "{refuser} refuses the client certificate of {refused} without saying why.",
    remedy: "Look at {refuser} for the cause; probably T01 to T08.",
  },
  T11: {
    title: "no common TLS version",
    says: "{refuser} and {refused} have no TLS version in common.",
    remedy: "Compare `tls-min` in `gridward security show` of both; update the older side.",
  },
  T12: {
    title: "no common cipher or group",
    says: "{refuser} and {refused} have no cipher suite or group in common.",
    remedy: "Compare the suites and groups of both sides; update the older one.",
  },
  T13: {
    title: "protocol differs",
    says: "{refuser} does not speak the protocol version that {refused} asks for.",
    remedy: "Check that the port is the link port, then update the Standby first.",
  },
  T14: {
    title: "no TLS on one side",
    says: "One of {refuser} and {refused} speaks TLS, the other does not.",
    remedy: "Check the port, and look for a proxy between the two.",
  },
  T15: {
    title: "unusable key or certificate",
    says: "{refuser} cannot use a key or certificate of its own or of {refused}: too weak or broken.",
    remedy: "Replace the key and certificate that the two facts name.",
  },
  T16: {
    title: "another peer",
    says: "{refused} is genuine, but it is not the peer that {refuser} knows under this name.",
    remedy: "Check the address; if {refused} was replaced, join or enrol it again.",
  },
  T17: {
    title: "not reached",
    says: "{refused} reached no TLS at {refuser}: refused, timed out or broken off. No conflict.",
    remedy: "Check address, port and firewall, and that {refuser} runs.",
  },
} as const satisfies Record<string, TlsCauseSpec>;

export type TlsCauseCode = keyof typeof tlsCauses;

export function isTlsCauseCode(text: string): text is TlsCauseCode {
  return Object.hasOwn(tlsCauses, text);
}

/** The two sides of a refusal by the names that the operator knows them by. */
export interface Sides {
  readonly refuser: string;
  readonly refused: string;
}

/** Sentence and remedy of a cause, with the names filled in. */
export function tellTlsCause(
  code: TlsCauseCode,
  sides: Sides,
): { readonly text: string; readonly remedy: string } {
  const { says, remedy } = tlsCauses[code];
  return { text: filled(says, sides), remedy: filled(remedy, sides) };
}

function filled(sentence: string, sides: Sides): string {
  // One pass, so that a name that looks like a place is left as it is.
  return sentence.replaceAll(/\{(refuser|refused)\}/g, (_, side) =>
    side === "refuser" ? sides.refuser : sides.refused,
  );
}

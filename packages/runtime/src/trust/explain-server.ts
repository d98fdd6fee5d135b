import type { X509Certificate } from "node:crypto";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import { type TlsCauseCode, tellTlsCause } from "@gridward/core/domain/tls-cause";
import { judgePeer, withoutLists } from "./judge.ts";
import type { HandshakeFailure } from "./tls-error.ts";
import type { ServerLook } from "./look-at-server.ts";
import { fingerprintOf, nameText, notAfterOf, notBeforeOf, readCertificate } from "./x509/read.ts";

export interface ShownCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly names: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** One meeting of this client and a TLS server, told for people (CS15). */
export interface Explanation {
  readonly target: string;
  readonly verdict: "ok" | "refused";
  readonly cause: TlsCauseCode | null;
  /** Whoever says no: the server by its address, or "this client". */
  readonly refused_by: string | null;
  readonly versions: readonly string[];
  readonly cipher: string | null;
  /** As presented, leaf first. */
  readonly presents: readonly ShownCertificate[];
  readonly trusts: readonly string[];
  readonly wants_client_certificate: boolean;
  /** Everything in one paragraph. */
  readonly text: string;
  readonly remedy: string | null;
}

export interface ExplainOrder {
  readonly host: string;
  readonly port: number;
  readonly anchors: readonly string[];
  readonly at: Instant;
}

const client = "this client";

/** Our own ports take every handshake, so that they can say why they refuse (CS6, CS9). */
const unseen =
  "What it decides after the handshake cannot be seen from here: Gridward's own ports judge a " +
  "client's certificate only then.";

/** No TLS came about: by whom it was refused, and why. */
export function explainFailure(order: ExplainOrder, failure: HandshakeFailure): Explanation {
  const target = targetOf(order);
  const { cause, by, said } = failure;
  const sides = by === "us" ? [client, target] : [target, client];
  const [refuser = "", refused = ""] = sides;
  const { text, remedy } = tellTlsCause(cause, { refuser, refused });
  // RFC 5246 §7.2.2: under TLS 1.2 one alert says both.
  const probably =
    cause === "T12" && by === "them"
      ? " Or it demands a client certificate (T09): under TLS 1.2 the alert is the same."
      : "";
  return {
    target,
    verdict: "refused",
    cause,
    refused_by: cause === "T17" ? null : refuser,
    versions: [],
    cipher: null,
    presents: [],
    trusts: trustsOf(order),
    wants_client_certificate: cause === "T09",
    text: `${target}: no TLS connection came about, so nothing is known of its certificate. ${text} (${said})${probably}`,
    remedy,
  };
}

/** What it shows, against whom we trust; the one judge says what is wrong with it. */
export function explainLook(order: ExplainOrder, look: ServerLook): Explanation {
  const target = targetOf(order);
  const trusts = trustsOf(order);
  const presents = look.chain.map(shown);
  const wants = look.refusesUs?.cause === "T09";
  const objection = objectionOf(order, look, target);
  const { chain, versions, cipher } = look;
  const text = [
    `${target} speaks ${versions.map((version) => version.replace("v", " ")).join(" and ")}, here with ${cipher}.`,
    presentsText(chain),
    `${client} trusts ${trusts.join("; ") || "nobody yet"}, and presents no certificate.`,
    wants ? `${target} demands one.` : `${target} demands none of it in the handshake. ${unseen}`,
    objection === null ? "Both sides accept each other in the handshake." : objection.text,
  ].join(" ");
  return {
    target,
    verdict: objection === null ? "ok" : "refused",
    cause: objection?.cause ?? null,
    refused_by: objection?.refuser ?? null,
    versions,
    cipher,
    presents,
    trusts,
    wants_client_certificate: wants,
    text,
    remedy: objection?.remedy ?? null,
  };
}

interface Objection {
  readonly cause: TlsCauseCode;
  readonly refuser: string;
  readonly text: string;
  readonly remedy: string;
}

function objectionOf(
  { host, anchors, at }: ExplainOrder,
  { chain, handshake, refusesUs }: ServerLook,
  target: string,
): Objection | null {
  const judgement = judgePeer({
    chain: chain.map(({ raw }) => raw),
    anchors,
    lists: [],
    purpose: "server",
    expected: { kind: "host", host },
    at,
    settings: withoutLists,
    handshake,
  });
  if (judgement.verdict === "refused") {
    const { cause, ours, theirs } = judgement;
    const told = tellTlsCause(cause, { refuser: client, refused: target });
    const text = `${cause}: ${told.text} ${client} ${ours}; ${target} ${theirs}.`;
    return { cause, refuser: client, text, remedy: remedies.get(cause) ?? told.remedy };
  }
  if (refusesUs === null) return null;
  const { cause, said } = refusesUs;
  const told = tellTlsCause(cause, { refuser: target, refused: client });
  const remedy = cause === "T09" ? "Only who has a certificate is taken there." : told.remedy;
  return { cause, refuser: target, text: `${cause}: ${told.text} (${said})`, remedy };
}

/** What the table of causes says is for two servers; this client only chooses whom it trusts. */
const remedies: ReadonlyMap<TlsCauseCode, string> = new Map([
  [
    "T01",
    "Give the server a certificate of an authority, or compare the fingerprint there by hand.",
  ],
  ["T02", "Name its authority with --ca FILE, or let the server send its full chain."],
  ["T05", "Dial it under a name of its certificate, or let the certificate name this address."],
]);

function targetOf({ host, port }: ExplainOrder): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function trustsOf({ anchors }: ExplainOrder): readonly string[] {
  return anchors.flatMap((pem) => {
    const anchor = readCertificate(pem);
    return anchor === undefined ? [] : [nameText(anchor.subject)];
  });
}

function shown(certificate: X509Certificate): ShownCertificate {
  return {
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    names: certificate.subjectAltName ?? "",
    not_before: dateOf(notBeforeOf(certificate)),
    not_after: dateOf(notAfterOf(certificate)),
    key: keyOf(certificate),
    fingerprint: fingerprintOf(certificate),
  };
}

/** A certificate may hold a date that is none. */
function dateOf(at: Instant): string {
  return Number.isFinite(at) ? rfc3339(at) : "no date";
}

function keyOf(certificate: X509Certificate): string {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
    const { namedCurve, modulusLength } = asymmetricKeyDetails ?? {};
    return [asymmetricKeyType, namedCurve ?? modulusLength].filter(Boolean).join(" ");
  } catch {
    return "unreadable";
  }
}

function presentsText(chain: readonly X509Certificate[]): string {
  const [leaf, ...issuers] = chain.map(shown);
  if (leaf === undefined) return "It presents no certificate that can be read.";
  const { subject, issuer, names, not_before: from, not_after: to, key, fingerprint } = leaf;
  const sent = issuers.map((each) => each.subject).join(", then ");
  return (
    `It presents ${subject || "a certificate without a subject"} for ${names || "no name"}, issued by ` +
    `${issuer || "nobody"}, valid ${from} to ${to}, key ${key}, fingerprint ${fingerprint}` +
    `${sent === "" ? ", and no issuer with it" : `, and with it ${sent}`}.`
  );
}

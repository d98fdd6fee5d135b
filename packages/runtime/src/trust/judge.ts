import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Bytes } from "@gridward/core/base/bytes";
import type { NodeId } from "@gridward/core/base/identity";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import type { TlsCauseCode } from "@gridward/core/domain/tls-cause";
import type { CertificateName } from "./x509/names.ts";
import { objectIds } from "./x509/object-ids.ts";
import {
  certificateNameOf,
  certificateText,
  isSelfSigned,
  nameText,
  notAfterOf,
  notBeforeOf,
  readCertificate,
} from "./x509/read.ts";

/** What a certificate must be good for: to be dialled, to dial, or both (servers swap duties). */
export type Purpose = "server" | "client" | "partner";

/** Whom we expect. A server without a node id is any server of the system. */
export type ExpectedPeer =
  | { readonly kind: "server"; readonly node: NodeId | null }
  | { readonly kind: "device" }
  | { readonly kind: "host"; readonly host: string };

export interface JudgeSettings {
  /** False: certificates are not judged at all (`validate-partner`; a standing alarm). */
  readonly validate: boolean;
  readonly checkNames: boolean;
}

export interface JudgeInput {
  /** As presented, leaf first, DER. */
  readonly chain: readonly Bytes[];
  /** Certificates that we trust, PEM. */
  readonly anchors: readonly string[];
  readonly purpose: Purpose;
  readonly expected: ExpectedPeer;
  readonly at: Instant;
  readonly settings: JudgeSettings;
  /**
   * What OpenSSL said of the same chain and anchors in the handshake; null if it was content. Its
   * word is needed for `ok`; ours names the cause, which OpenSSL's order of checks often hides.
   */
  readonly handshake: string | null;
}

export type Judgement =
  | {
      readonly verdict: "ok";
      readonly certificate: X509Certificate | undefined;
      readonly name: CertificateName | undefined;
    }
  | {
      readonly verdict: "refused";
      readonly cause: TlsCauseCode;
      /** The two facts in contradiction: our demand, and what the peer presents. */
      readonly ours: string;
      readonly theirs: string;
    };

/** Longest chain and largest certificate that we look at (profile of IEC 62351-3). */
const chainLengthMax = 5;
const certificateBytesMax = 8192;

/** The one judge of certificates: link, EST client and settings ask here and nowhere else. */
export function judgePeer(input: JudgeInput): Judgement {
  const chain = readChain(input.chain);
  const [leaf] = chain;
  if (!input.settings.validate) {
    // What nobody verified names nobody.
    return { verdict: "ok", certificate: leaf, name: undefined };
  }
  if (input.chain.length === 0) {
    return refuse("T09", "requires a certificate", "presents none");
  }
  if (leaf === undefined) {
    const ours = `reads up to ${chainLengthMax} certificates of ${certificateBytesMax} bytes`;
    return refuse("T02", ours, "presents a chain that cannot be read");
  }
  const theirs = `presents ${certificateText(leaf)}`;
  const refusal =
    checkIssuer(chain, input) ??
    checkTimes(chain, input.at) ??
    checkPurpose(leaf, input.purpose) ??
    checkName(leaf, input) ??
    checkHandshake(input.handshake);
  if (refusal !== undefined) return refuse(refusal.cause, refusal.ours, theirs);
  return { verdict: "ok", certificate: leaf, name: certificateNameOf(leaf) };
}

interface Objection {
  readonly cause: TlsCauseCode;
  readonly ours: string;
}

function refuse(cause: TlsCauseCode, ours: string, theirs: string): Judgement {
  return { verdict: "refused", cause, ours, theirs };
}

/** Empty if any part is too large or not a certificate: half a chain is not judged. */
function readChain(chain: readonly Bytes[]): readonly X509Certificate[] {
  if (chain.length > chainLengthMax) return [];
  const read: X509Certificate[] = [];
  for (const der of chain) {
    const certificate = der.length > certificateBytesMax ? undefined : readCertificate(der);
    if (certificate === undefined) return [];
    read.push(certificate);
  }
  return read;
}

/**
 * Looks for a way from the leaf to an anchor. The self-signed leaf comes first: OpenSSL would hide
 * it behind a missing revocation list. Signatures and issuer rules are OpenSSL's.
 */
function checkIssuer(chain: readonly X509Certificate[], input: JudgeInput): Objection | undefined {
  const anchors = input.anchors.map(readCertificate).filter((found) => found !== undefined);
  const trusted = anchors.map(({ subject }) => nameText(subject)).join("; ") || "nobody yet";
  const [leaf] = chain;
  if (leaf !== undefined && isSelfSigned(leaf)) {
    return { cause: "T01", ours: `validates certificates and trusts ${trusted}` };
  }
  let subject = leaf;
  for (let step = 0; step < chainLengthMax && subject !== undefined; step++) {
    const current: X509Certificate = subject;
    if (anchors.some((anchor) => issued(anchor, current))) return undefined;
    subject = chain.find((candidate) => candidate !== current && issued(candidate, current));
  }
  return { cause: "T02", ours: `trusts ${trusted}` };
}

function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  return issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

function checkTimes(chain: readonly X509Certificate[], at: Instant): Objection | undefined {
  const ours = `has the time ${rfc3339(at)}`;
  for (const certificate of chain) {
    if (at > notAfterOf(certificate)) return { cause: "T03", ours };
    if (at < notBeforeOf(certificate)) return { cause: "T04", ours };
  }
  return undefined;
}

const usages: Readonly<Record<Purpose, readonly string[]>> = {
  server: [objectIds.serverAuth],
  client: [objectIds.clientAuth],
  partner: [objectIds.serverAuth, objectIds.clientAuth],
};

function checkPurpose(leaf: X509Certificate, purpose: Purpose): Objection | undefined {
  // Named keyUsage, holds the extended one. Absent means any to others, nothing to us.
  const present: readonly string[] | undefined = leaf.keyUsage;
  const isFit = usages[purpose].every((usage) => present?.includes(usage) ?? false);
  if (isFit && !leaf.ca) return undefined;
  const wanted = { server: "serverAuth", client: "clientAuth", partner: "serverAuth, clientAuth" };
  return { cause: "T06", ours: `requires the purposes ${wanted[purpose]}` };
}

function checkName(leaf: X509Certificate, input: JudgeInput): Objection | undefined {
  if (!input.settings.checkNames) return undefined;
  const { expected } = input;
  const name = certificateNameOf(leaf);
  switch (expected.kind) {
    case "server": {
      const isExpected =
        name?.kind === "server" && (expected.node === null || name.node === expected.node);
      const who = expected.node === null ? "a server of the system" : `server ${expected.node}`;
      return isExpected ? undefined : { cause: "T05", ours: `expects ${who}` };
    }
    case "device":
      return name?.kind === "device" ? undefined : { cause: "T05", ours: "expects a device" };
    case "host": {
      const { host } = expected;
      const matched = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host);
      return matched === undefined ? { cause: "T05", ours: `expects ${host}` } : undefined;
    }
  }
}

/** Codes of X509_verify_cert as Node names them; what is not listed is an unknown issuer. */
const handshakeCauses: ReadonlyMap<string, TlsCauseCode> = new Map([
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "T01"],
  ["CERT_HAS_EXPIRED", "T03"],
  ["CERT_NOT_YET_VALID", "T04"],
  ["HOSTNAME_MISMATCH", "T05"],
  ["INVALID_PURPOSE", "T06"],
  ["CERT_REVOKED", "T07"],
  ["UNABLE_TO_GET_CRL", "T08"],
  ["CRL_HAS_EXPIRED", "T08"],
  ["CRL_NOT_YET_VALID", "T08"],
]);

function checkHandshake(code: string | null): Objection | undefined {
  if (code === null) return undefined;
  return { cause: handshakeCauses.get(code) ?? "T02", ours: `verified the chain: ${code}` };
}

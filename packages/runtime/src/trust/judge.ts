import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Bytes } from "@gridward/core/base/bytes";
import type { NodeId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import type { TlsCauseCode } from "@gridward/core/domain/tls-cause";
import { findPath } from "./path.ts";
import { findRevocation, type RevocationList, type RevocationMode } from "./revocation.ts";
import { flawOfIssuer, flawOfLeaf } from "./soundness.ts";
import type { CertificateName } from "./x509/names.ts";
import { objectIds } from "./x509/object-ids.ts";
import {
  certificateNameOf,
  certificateText,
  fingerprintOf,
  isSelfSigned,
  keyFingerprintOf,
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
  /** Any client: whom its names lead to is asked elsewhere. */
  | { readonly kind: "client" }
  | { readonly kind: "host"; readonly host: string };

/** What one side demands, in one direction. */
export interface JudgeSettings {
  /** False: certificates are not judged at all (`validate-partner`; a standing alarm). */
  readonly validate: boolean;
  readonly checkNames: boolean;
  readonly revocation: RevocationMode;
  /**
   * SHA-256 of certificates or of their public keys (SubjectPublicKeyInfo), lower-case hexadecimal,
   * that need no issuer (`partner-pin`). All else is demanded of them as of any other.
   */
  readonly pins: readonly string[];
}

/** All is demanded but revocation lists: for whoever has none. */
export const withoutLists: JudgeSettings = {
  validate: true,
  checkNames: true,
  revocation: "off",
  pins: [],
};

export interface JudgeInput {
  /** As presented, leaf first, DER. */
  readonly chain: readonly Bytes[];
  /** Certificates that we trust, PEM. */
  readonly anchors: readonly string[];
  /** Revocation lists that we hold; those of other issuers are passed over. */
  readonly lists: readonly RevocationList[];
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
      /** What would have been refused in mode `hard`: a list that is missing or stale. */
      readonly note: string | undefined;
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
  const [leaf, ...issuers] = readChain(input.chain);
  if (!input.settings.validate) {
    // What nobody verified names nobody.
    return { verdict: "ok", certificate: leaf, name: undefined, note: undefined };
  }
  if (input.chain.length === 0) {
    return refuse({ cause: "T09", ours: "requires a certificate" }, "presents none");
  }
  if (leaf === undefined) {
    const ours = `reads up to ${chainLengthMax} certificates of ${certificateBytesMax} bytes`;
    return refuse({ cause: "T02", ours }, "presents a chain that cannot be read");
  }
  const path = findTrust([leaf, ...issuers], input);
  const objection = path.ok ? checkPath(path.value, input) : path.error;
  if (objection !== undefined) return refuse(objection, `presents ${certificateText(leaf)}`);
  return {
    verdict: "ok",
    certificate: leaf,
    name: certificateNameOf(leaf),
    note: path.ok ? checkRevocation(path.value, input, "soft")?.ours : undefined,
  };
}

interface Objection {
  readonly cause: TlsCauseCode;
  readonly ours: string;
  /** What of the peer's chain is the matter, beyond its leaf. */
  readonly flaw?: string;
}

function refuse({ cause, ours, flaw = "" }: Objection, theirs: string): Judgement {
  return { verdict: "refused", cause, ours, theirs: `${theirs}${flaw}` };
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

/** What was found between the leaf and whom we trust: leaf first; alone where it is pinned. */
interface Trust {
  readonly path: readonly [X509Certificate, ...(readonly X509Certificate[])];
  readonly isPinned: boolean;
}

/**
 * Looks for a way from the leaf to an anchor. The self-signed leaf comes first: OpenSSL would hide
 * it behind a missing revocation list. A pin is asked last, so that what is revoked stays so.
 */
function findTrust(
  chain: readonly [X509Certificate, ...(readonly X509Certificate[])],
  { anchors, settings: { pins }, at }: JudgeInput,
): Result<Trust, Objection> {
  const [leaf] = chain;
  const trusted = readAnchors(anchors, at);
  const isOwnIssuer = isSelfSigned(leaf);
  const found = isOwnIssuer ? err(leaf) : findPath(chain, trusted);
  if (found.ok) return ok({ path: [leaf, ...found.value.slice(1)], isPinned: false });
  if (pins.includes(fingerprintOf(leaf)) || pins.includes(keyFingerprintOf(leaf))) {
    return ok({ path: [leaf], isPinned: true });
  }
  const names = trusted.map(({ subject }) => nameText(subject)).join("; ") || "nobody yet";
  const others = pins.length === 0 ? "" : `, and pins ${pins.join(", ")}`;
  if (isOwnIssuer) {
    return err({ cause: "T01", ours: `validates certificates and trusts ${names}${others}` });
  }
  return err({
    cause: "T02",
    ours: `trusts ${names}${others}`,
    flaw: missing(found.error, trusted),
  });
}

/** Those that are valid now first: an authority's renewed certificate has the key of the old one. */
function readAnchors(anchors: readonly string[], at: Instant): readonly X509Certificate[] {
  const read = anchors.map(readCertificate).filter((found) => found !== undefined);
  const isCurrent = (anchor: X509Certificate): boolean => checkTime(anchor, at) === undefined;
  return [...read.filter(isCurrent), ...read.filter((anchor) => !isCurrent(anchor))];
}

/** Where the chain ends: at a root that is not ours, or before an issuer that was not sent. */
function missing(last: X509Certificate, anchors: readonly X509Certificate[]): string {
  if (isSelfSigned(last)) {
    return `, under the root ${nameText(last.subject)} with fingerprint ${fingerprintOf(last)}`;
  }
  const issuer = nameText(last.issuer);
  const isNamesake = anchors.some(({ subject }) => subject === last.issuer);
  return isNamesake
    ? `, signed by another ${issuer} than the one that is trusted`
    : `, without its issuer ${issuer}, which is missing in its chain`;
}

function checkPath(trust: Trust, input: JudgeInput): Objection | undefined {
  const [leaf] = trust.path;
  return (
    checkSoundness(trust.path) ??
    trust.path.map((certificate) => checkTime(certificate, input.at)).find(isObjection) ??
    checkRevocation(trust, input, "hard") ??
    checkPurpose(leaf, input.purpose) ??
    checkName(leaf, input) ??
    checkHandshake(input.handshake, trust.isPinned)
  );
}

function isObjection(found: Objection | undefined): found is Objection {
  return found !== undefined;
}

function checkSoundness([leaf, ...issuers]: Trust["path"]): Objection | undefined {
  const ours = "accepts P-256, P-384, Ed25519, RSA from 2048 bits, and serial numbers of RFC 5280";
  const flaw = flawOfLeaf(leaf);
  if (flaw !== undefined) return { cause: "T15", ours, flaw: `, with ${flaw}` };
  for (const issuer of issuers) {
    const weak = flawOfIssuer(issuer);
    if (weak === undefined) continue;
    return { cause: "T15", ours, flaw: `, under ${nameText(issuer.subject)} with ${weak}` };
  }
  return undefined;
}

function checkTime(certificate: X509Certificate, at: Instant): Objection | undefined {
  const [begins, ends] = [notBeforeOf(certificate), notAfterOf(certificate)];
  const ours = `has the time ${rfc3339(at)}; ${nameText(certificate.subject)}`;
  if (at > ends) return { cause: "T03", ours: `${ours} ended ${rfc3339(ends)}` };
  if (at < begins) return { cause: "T04", ours: `${ours} begins ${rfc3339(begins)}` };
  return undefined;
}

/** In mode `soft` a list that is not there, or not current, is only noted. */
function checkRevocation(
  { path }: Trust,
  { settings: { revocation }, lists, at }: JudgeInput,
  asked: "soft" | "hard",
): Objection | undefined {
  if (revocation === "off") return undefined;
  const found = findRevocation(path, lists, at);
  return found?.cause === "T07" || revocation === asked ? found : undefined;
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
    case "client":
      return undefined;
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
  ["EE_KEY_TOO_SMALL", "T15"],
  ["CA_KEY_TOO_SMALL", "T15"],
  ["CA_MD_TOO_WEAK", "T15"],
]);

/** What OpenSSL says of a certificate that is pinned, and is to be expected. */
const unknownIssuer: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

function checkHandshake(code: string | null, isPinned: boolean): Objection | undefined {
  if (code === null || (isPinned && unknownIssuer.has(code))) return undefined;
  return { cause: handshakeCauses.get(code) ?? "T02", ours: `verified the chain: ${code}` };
}

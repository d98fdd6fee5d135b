import type { KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { NodeId } from "@gridward/core/base/identity";
import type { Instant } from "@gridward/core/base/time";
import { findPath } from "./path.ts";
import { weaknessOf } from "./x509/keys.ts";
import { objectIds } from "./x509/object-ids.ts";
import { certificateNameOf, notAfterOf, notBeforeOf } from "./x509/read.ts";

/** A certificate that a server could show. */
export interface Candidate {
  readonly certificate: X509Certificate;
  /** Sent along with it, nearest first. */
  readonly issuers: readonly X509Certificate[];
  /** Null where it is lost. */
  readonly key: KeyObject | null;
}

/** Why a certificate is not the one that is shown (CS5). */
export type PassedOver =
  | "no key"
  | "weak key"
  | "expired"
  | "not yet valid"
  | "wrong purpose"
  | "name mismatch"
  | "unknown issuer"
  | "earlier expiry";

/** What a certificate is to be shown for. */
export interface Occasion {
  readonly at: Instant;
  /** "server" is only dialled; "partner" dials as well. */
  readonly purpose: "server" | "partner";
  readonly names: { readonly node: NodeId; readonly hosts: readonly string[] };
  /** Whom the peers trust; null where they choose for themselves. */
  readonly anchors: readonly X509Certificate[] | null;
}

export interface UsableCandidate extends Candidate {
  readonly key: KeyObject;
}

/** Null where none is left: nothing steps in for it silently. */
export interface Choice {
  readonly inUse: UsableCandidate | null;
  readonly passedOver: ReadonlyMap<Candidate, PassedOver>;
}

/**
 * Which of its certificates a server shows: of those that a peer could accept the one that ends
 * last, and of these the first.
 */
export function chooseCertificate(candidates: readonly Candidate[], occasion: Occasion): Choice {
  const passedOver = new Map<Candidate, PassedOver>();
  let inUse: UsableCandidate | null = null;
  for (const candidate of candidates) {
    const { certificate, issuers, key } = candidate;
    const flaw = flawOf(candidate, occasion);
    if (key === null || flaw !== undefined) {
      passedOver.set(candidate, flaw ?? "no key");
    } else if (inUse === null || notAfterOf(certificate) > notAfterOf(inUse.certificate)) {
      inUse = { certificate, issuers, key };
    }
  }
  for (const candidate of candidates) {
    const isInUse = candidate.certificate === inUse?.certificate;
    if (!isInUse && !passedOver.has(candidate)) passedOver.set(candidate, "earlier expiry");
  }
  return { inUse, passedOver };
}

function flawOf(candidate: Candidate, occasion: Occasion): PassedOver | undefined {
  const { certificate, issuers, key } = candidate;
  if (key === null || !certificate.checkPrivateKey(key)) return "no key";
  if (weaknessOf(certificate.publicKey) !== undefined) return "weak key";
  if (occasion.at > notAfterOf(certificate)) return "expired";
  if (occasion.at < notBeforeOf(certificate)) return "not yet valid";
  if (!isFor(certificate, occasion.purpose)) return "wrong purpose";
  if (!names(certificate, occasion)) return "name mismatch";
  const { anchors } = occasion;
  if (anchors !== null && !findPath([certificate, ...issuers], anchors).ok) return "unknown issuer";
  return undefined;
}

/** serverAuth, and for partners clientAuth as well: servers swap duties. */
export function isFor(certificate: X509Certificate, purpose: Occasion["purpose"]): boolean {
  // Named keyUsage, holds the extended one.
  const present: readonly string[] | undefined = certificate.keyUsage;
  const wanted = [objectIds.serverAuth, ...(purpose === "partner" ? [objectIds.clientAuth] : [])];
  return !certificate.ca && wanted.every((usage) => present?.includes(usage) ?? false);
}

/** Partners know a server by its id; clients by what they dial, unless it is another's by its id. */
function names(certificate: X509Certificate, { purpose, names: own }: Occasion): boolean {
  const name = certificateNameOf(certificate);
  if (name?.kind === "server") return name.node === own.node;
  if (name !== undefined || purpose === "partner") return false;
  return own.hosts.some((host) => {
    const found = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
    return found !== undefined;
  });
}

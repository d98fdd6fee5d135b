import type { X509Certificate } from "node:crypto";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import type { CarriedCertificate } from "@gridward/core/codec/replica/message";
import { isRevoked, type RevocationList } from "@gridward/runtime/trust/revocation";
import {
  type CertificateColumns,
  certificateColumns,
  notAfterOf,
  notBeforeOf,
  serialOf,
} from "@gridward/runtime/trust/x509/read";

/** The certificates of a device: its own, and those whom it believes. */
export interface HeldCertificates {
  readonly own: X509Certificate;
  readonly anchors: readonly X509Certificate[];
}

/** PK6: whether the device's own certificate counts, as far as the device itself can tell. */
export type CertificateStatus = Readonly<{
  state: "valid" | "invalid certificate";
  reason: "expired" | "not yet valid" | "revoked" | null;
  serial: string;
  not_after: string;
}>;

/** What is known of revocation: the lists that are held, and what a server said. */
export interface KnownRevocation {
  readonly lists: readonly RevocationList[];
  /** A verified server said that this device counts no more. */
  readonly isTold: boolean;
  /**
   * For what each server refuses the certificate at the link. Only where all do they know better:
   * one alone may have a wrong clock.
   */
  readonly refusedFor: readonly (string | null)[];
}

const reasons: ReadonlyMap<string | null, NonNullable<CertificateStatus["reason"]>> = new Map([
  ["T03", "expired"],
  ["T04", "not yet valid"],
  ["T07", "revoked"],
]);

export function certificateStatus(
  { own, anchors }: HeldCertificates,
  known: KnownRevocation,
  at: Instant,
): CertificateStatus {
  const reason = isRevoked(own, anchors, known.lists) ? "revoked" : reasonOf(own, known, at);
  return {
    state: reason === null ? "valid" : "invalid certificate",
    reason,
    serial: serialOf(own),
    not_after: rfc3339(notAfterOf(own)),
  };
}

function reasonOf(
  own: X509Certificate,
  { isTold, refusedFor }: Omit<KnownRevocation, "lists">,
  at: Instant,
): CertificateStatus["reason"] {
  if (isTold) return "revoked";
  if (at > notAfterOf(own)) return "expired";
  if (at < notBeforeOf(own)) return "not yet valid";
  const said = refusedFor.map((cause) => reasons.get(cause));
  return said.includes(undefined) ? null : (said[0] ?? null);
}

/** As a server reads them back. */
export function carriedCertificates({
  own,
  anchors,
}: HeldCertificates): readonly CarriedCertificate[] {
  const carry = (use: CarriedCertificate["use"], one: X509Certificate): CarriedCertificate => {
    return { use, certificate: one.raw.toString("base64url") };
  };
  return [carry("device", own), ...anchors.map((anchor) => carry("anchor", anchor))];
}

/** One certificate as people read it. */
export type ShownCertificate = CertificateColumns & { readonly use: CarriedCertificate["use"] };

/** As `ied certificates` shows them. */
export function showCertificates({ own, anchors }: HeldCertificates): readonly ShownCertificate[] {
  const show = (use: CarriedCertificate["use"], one: X509Certificate): ShownCertificate => ({
    use,
    ...certificateColumns(one),
  });
  return [show("device", own), ...anchors.map((anchor) => show("anchor", anchor))];
}

import type { X509Certificate } from "node:crypto";
import type { CertificateRow } from "@gridward/core/domain/types";
import {
  fingerprintOf,
  nameText,
  notAfterOf,
  notBeforeOf,
  serialOf,
} from "@gridward/runtime/trust/x509/read";

/** What the journal keeps of a certificate. */
export function certificateRow(
  { authority, profile, name }: Pick<CertificateRow, "authority" | "profile" | "name">,
  certificate: X509Certificate,
): CertificateRow {
  return {
    serial: serialOf(certificate),
    authority,
    profile,
    name,
    subject: nameText(certificate.subject),
    alternativeNames: certificate.subjectAltName ?? "",
    fingerprint: fingerprintOf(certificate),
    notBefore: notBeforeOf(certificate),
    notAfter: notAfterOf(certificate),
    revoked: null,
  };
}

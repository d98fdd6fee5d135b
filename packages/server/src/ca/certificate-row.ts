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
  profile: CertificateRow["profile"],
  certificate: X509Certificate,
): CertificateRow {
  return {
    serial: serialOf(certificate),
    profile,
    subject: nameText(certificate.subject),
    fingerprint: fingerprintOf(certificate),
    notBefore: notBeforeOf(certificate),
    notAfter: notAfterOf(certificate),
    revokedAt: null,
  };
}

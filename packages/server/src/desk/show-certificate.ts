import type { CertificateView } from "@gridward/core/api/certificate-routes";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import type { CertificateRow } from "@gridward/core/domain/types";
import { timeOrNull } from "./show-account.ts";

/** A certificate as lists show it. */
export function showCertificate(row: CertificateRow, now: Instant): CertificateView {
  return {
    serial: row.serial,
    name: row.name,
    profile: row.profile,
    state: certificateState(row, now),
    not_before: rfc3339(row.notBefore),
    not_after: rfc3339(row.notAfter),
    subject: row.subject,
    alternative_names: row.alternativeNames,
    fingerprint: row.fingerprint,
    revoked_at: timeOrNull(row.revoked?.at ?? null),
    reason: row.revoked?.reason ?? null,
    revoked_by: row.revoked?.by ?? null,
  };
}

export function certificateState(
  row: Pick<CertificateRow, "revoked" | "notBefore" | "notAfter">,
  now: Instant,
): CertificateView["state"] {
  if (row.revoked !== null) return "revoked";
  if (row.notAfter < now) return "expired";
  return row.notBefore > now ? "not yet valid" : "valid";
}

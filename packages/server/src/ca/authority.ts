import type { KeyObject, X509Certificate } from "node:crypto";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { AuthorityRow, CertificateRow } from "@gridward/core/domain/types";
import { sealText, unsealText, type SystemKey } from "@gridward/runtime/os/seal";
import { buildCertificate } from "@gridward/runtime/trust/x509/certificate";
import { createTlsKey, keyFromPem, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { certificateRow } from "./certificate-row.ts";

/** The one authority of a system in this release; its certificate is the trust anchor too. */
export const authorityId = "issuing";

/** Purpose under which the key of the authority is sealed. */
export const authorityKeyPurpose = "key of the issuing authority";

export interface CreatedAuthority {
  readonly row: AuthorityRow;
  readonly certificate: CertificateRow;
}

/** A new authority for a system. Its key leaves this function sealed and in no other form. */
export function createAuthority(order: {
  readonly site: string;
  readonly systemKey: SystemKey;
  readonly now: Instant;
}): CreatedAuthority {
  const key = createTlsKey();
  const certificate = buildCertificate(
    {
      profile: "authority",
      publicKey: key,
      subject: { commonName: `Gridward authority of ${order.site}`, organization: "Gridward" },
      hosts: [],
      now: order.now,
    },
    { key },
  );
  return {
    row: {
      id: authorityId,
      certificate: certificate.toString(),
      key: sealText(order.systemKey, authorityKeyPurpose, keyToPem(key)),
    },
    certificate: certificateRow(
      { authority: authorityId, profile: "authority", name: order.site },
      certificate,
    ),
  };
}

/** Hands the authority's certificate and opened key to `work`, and to nobody else. */
export function withAuthority<Value>(
  authority: AuthorityRow,
  systemKey: SystemKey,
  work: (certificate: X509Certificate, key: KeyObject) => Value,
): Result<Value, Refusal> {
  const certificate = readCertificate(authority.certificate);
  const opened = unsealText(systemKey, authorityKeyPurpose, authority.key);
  if (certificate === undefined || !opened.ok) {
    return err({ code: "security.seal-broken", detail: "key of the issuing authority" });
  }
  return ok(work(certificate, keyFromPem(opened.value)));
}

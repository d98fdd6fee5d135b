import type { KeyObject, X509Certificate } from "node:crypto";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { CrlRow } from "@gridward/core/domain/types";
import { sealText, unsealText, type SystemKey } from "@gridward/runtime/os/seal";
import { buildCertificate } from "@gridward/runtime/trust/x509/certificate";
import { createTlsKey, keyFromPem, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { readCertificate } from "@gridward/runtime/trust/x509/read";

const keyPurpose = "key of the OCSP responder";

export interface OcspSigner {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
}

/** A key of its own to sign OCSP answers (RFC 6960 §4.2.2.2): the authority's stays shut for them. */
export function createResponder(
  authority: { readonly key: KeyObject; readonly certificate: X509Certificate },
  systemKey: SystemKey,
  now: Instant,
): CrlRow["responder"] {
  const key = createTlsKey();
  const certificate = buildCertificate(
    {
      profile: "ocsp-responder",
      publicKey: key,
      subject: { commonName: "Gridward OCSP responder", organization: "Gridward" },
      hosts: [],
      now,
    },
    authority,
  );
  const sealed = sealText(systemKey, keyPurpose, keyToPem(key));
  return { certificate: certificate.toString(), key: sealed };
}

export function openResponder(
  { responder }: Pick<CrlRow, "responder">,
  systemKey: SystemKey,
): Result<OcspSigner, Refusal> {
  const certificate = readCertificate(responder.certificate);
  const opened = unsealText(systemKey, keyPurpose, responder.key);
  if (certificate === undefined || !opened.ok) {
    return err({ code: "security.seal-broken", detail: keyPurpose });
  }
  return ok({ key: keyFromPem(opened.value), certificate });
}

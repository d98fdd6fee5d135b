import type { KeyObject, X509Certificate } from "node:crypto";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { AuthorityRow, CertificateRow } from "@gridward/core/domain/types";
import { sealText, unsealText, type SystemKey } from "@gridward/runtime/os/seal";
import { freshId } from "@gridward/runtime/os/random";
import { buildCertificate, type CertificateOrder } from "@gridward/runtime/trust/x509/certificate";
import { createTlsKey, keyFromPem, keyToPem } from "@gridward/runtime/trust/x509/keys";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { certificateRow } from "./certificate-row.ts";

/** The first authority of a system; those after it have ids of their own (PK7). */
export const authorityId = "issuing";

/** Purpose under which the key of the authority is sealed. */
export const authorityKeyPurpose = "key of the issuing authority";

export interface CreatedAuthority {
  readonly row: AuthorityRow;
  readonly certificate: CertificateRow;
}

/** A new authority for a system. Its key leaves this function sealed and in no other form. */
export function createAuthority(order: NewAuthorityOrder): CreatedAuthority {
  const key = createTlsKey();
  const standing = { id: authorityId, standing: "issuing", cross: null } as const;
  return authorityWith(order, { key, standing });
}

interface NewAuthorityOrder {
  readonly site: string;
  readonly systemKey: SystemKey;
  readonly now: Instant;
}

/**
 * The one that shall follow: of the same name with a new key, which the present one certifies
 * besides (NewWithOld, RFC 4210 §4.4.2), so that who trusts only that one believes the new one too.
 */
export function createNextAuthority(
  order: NewAuthorityOrder,
  present: AuthorityRow,
): Result<CreatedAuthority, Refusal> {
  const key = createTlsKey();
  return withAuthority(present, order.systemKey, (certificate, presentKey) => {
    const cross = buildCertificate(orderFor(order, key), { key: presentKey, certificate });
    const standing = { id: freshId(), standing: "next", cross: cross.toString() } as const;
    return authorityWith(order, { key, standing });
  });
}

function orderFor({ site, now }: NewAuthorityOrder, publicKey: KeyObject): CertificateOrder {
  const subject = { commonName: `Gridward authority of ${site}`, organization: "Gridward" };
  return { profile: "authority", publicKey, subject, hosts: [], now };
}

function authorityWith(
  order: NewAuthorityOrder,
  made: {
    readonly key: KeyObject;
    readonly standing: Pick<AuthorityRow, "id" | "standing" | "cross">;
  },
): CreatedAuthority {
  const { key, standing } = made;
  const certificate = buildCertificate(orderFor(order, key), { key });
  return {
    row: {
      ...standing,
      certificate: certificate.toString(),
      key: sealText(order.systemKey, authorityKeyPurpose, keyToPem(key)),
      createdAt: order.now,
    },
    certificate: certificateRow(
      { authority: standing.id, profile: "authority", name: order.site },
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

import type { KeyObject, X509Certificate } from "node:crypto";
import type { Sealed } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import { anchorOf } from "@gridward/core/domain/authority-in-use";
import type { AuthorityKeyType } from "@gridward/core/domain/authority-key";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { AuthorityRequest, AuthorityRow, CertificateRow } from "@gridward/core/domain/types";
import { sealText, unsealText, type SystemKey } from "@gridward/runtime/os/seal";
import { freshId } from "@gridward/runtime/os/random";
import { readAuthorityChain, type AuthorityChain } from "@gridward/runtime/trust/authority-chain";
import { judgeAuthority } from "@gridward/runtime/trust/judge-authority";
import {
  buildCertificate,
  subjectOf,
  type CertificateOrder,
} from "@gridward/runtime/trust/x509/certificate";
import {
  createAuthorityKey,
  createTlsKey,
  keyFromPem,
  keyToPem,
} from "@gridward/runtime/trust/x509/keys";
import type { SubjectText } from "@gridward/runtime/trust/x509/names";
import { readCertificate } from "@gridward/runtime/trust/x509/read";
import { createAuthorityRequest as requestAuthority } from "@gridward/runtime/trust/x509/request";
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
  const commonName = `Gridward authority of ${order.site}`;
  const certificate = buildCertificate(
    orderFor(order, key, { commonName, organization: "Gridward" }),
    { key },
  );
  const standing = { id: authorityId, standing: "issuing", cross: null } as const;
  return authorityWith(order, { key: sealKey(order.systemKey, key), standing }, [certificate]);
}

export interface NewAuthorityOrder {
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
    const says = orderFor(order, key, subjectOf(certificate));
    const cross = buildCertificate(says, { key: presentKey, certificate });
    const standing = { id: freshId(), standing: "next", cross: cross.toString() } as const;
    const own = buildCertificate(says, { key });
    return authorityWith(order, { key: sealKey(order.systemKey, key), standing }, [own]);
  });
}

function orderFor(
  { now }: NewAuthorityOrder,
  publicKey: KeyObject,
  subject: CertificateOrder["subject"],
): CertificateOrder {
  return { profile: "authority", publicKey, subject, hosts: [], now };
}

function sealKey(systemKey: SystemKey, key: KeyObject): Sealed {
  return sealText(systemKey, authorityKeyPurpose, keyToPem(key));
}

/** What is asked of the CA that shall certify the next authority (PK1). */
export interface AuthorityWish {
  readonly keyType: AuthorityKeyType;
  /** Null: the name that the present one has, which alone lets that one certify it too. */
  readonly subject: SubjectText | null;
}

/** The key is made here and stays here: it leaves this function sealed. */
export async function createAuthorityRequest(
  { systemKey, now }: Omit<NewAuthorityOrder, "site">,
  { keyType, subject }: AuthorityWish,
  present: X509Certificate,
): Promise<AuthorityRequest> {
  const key = await createAuthorityKey(keyType);
  const request = requestAuthority(key, subject ?? subjectOf(present));
  return {
    id: freshId(),
    keyType,
    request: Buffer.from(request).toString("base64"),
    key: sealKey(systemKey, key),
    createdAt: now,
  };
}

/**
 * The next authority as a CA certified it, out of what came back; its root proves it. The present
 * one certifies it besides where it has the same name: an authority of another name may not follow
 * one that signs no further authorities (RFC 5280 §4.2.1.9).
 */
export function importAuthority(
  order: NewAuthorityOrder,
  {
    request,
    found,
  }: { readonly request: AuthorityRequest; readonly found: readonly X509Certificate[] },
  present: AuthorityRow,
): Result<CreatedAuthority & { readonly key: KeyObject }, Refusal> {
  const opened = openAuthorityKey(request, order.systemKey);
  if (!opened.ok) return opened;
  const key = opened.value;
  const chain = judgeAuthority(found, key, order.now);
  if (!chain.ok) return chain;
  const [own] = chain.value;
  const cross = withAuthority(present, order.systemKey, (certificate, presentKey) =>
    certificate.subject === own.subject
      ? buildCertificate(orderFor(order, key, subjectOf(own)), { key: presentKey, certificate })
      : null,
  );
  if (!cross.ok) return cross;
  const standing = {
    id: request.id,
    standing: "next",
    cross: cross.value?.toString() ?? null,
  } as const;
  return ok({ ...authorityWith(order, { key: request.key, standing }, chain.value), key });
}

function authorityWith(
  order: NewAuthorityOrder,
  made: {
    readonly key: Sealed;
    readonly standing: Pick<AuthorityRow, "id" | "standing" | "cross">;
  },
  [certificate, ...above]: AuthorityChain,
): CreatedAuthority {
  const { key, standing } = made;
  const chain = above.length === 0 ? {} : { chain: above.map(String) };
  return {
    row: { ...standing, certificate: certificate.toString(), ...chain, key, createdAt: order.now },
    certificate: certificateRow(
      { authority: standing.id, profile: "authority", name: order.site },
      certificate,
    ),
  };
}

/** The certificate of an authority with those above it. */
export function chainOfAuthority(row: AuthorityRow): Result<AuthorityChain, Refusal> {
  const chain = readAuthorityChain(anchorOf(row));
  return chain === undefined
    ? refuse("security.seal-broken", "certificate of the authority")
    : ok(chain);
}

function openAuthorityKey(
  { key }: Pick<AuthorityRow, "key">,
  systemKey: SystemKey,
): Result<KeyObject, Refusal> {
  const opened = unsealText(systemKey, authorityKeyPurpose, key);
  return opened.ok
    ? ok(keyFromPem(opened.value))
    : refuse("security.seal-broken", authorityKeyPurpose);
}

/** Hands the authority's certificate and opened key to `work`, and to nobody else. */
export function withAuthority<Value>(
  authority: AuthorityRow,
  systemKey: SystemKey,
  work: (certificate: X509Certificate, key: KeyObject) => Value,
): Result<Value, Refusal> {
  const certificate = readCertificate(authority.certificate);
  const key = openAuthorityKey(authority, systemKey);
  if (!key.ok) return key;
  if (certificate === undefined) return refuse("security.seal-broken", authorityKeyPurpose);
  return ok(work(certificate, key.value));
}

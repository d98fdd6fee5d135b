import type { KeyObject, X509Certificate } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import type { Instant } from "@gridward/core/base/time";
import type { AuthorityKeyType } from "@gridward/core/domain/authority-key";
import { readBundle } from "./read-bundle.ts";
import { buildCertificate } from "./x509/certificate.ts";
import { createAuthorityKey } from "./x509/keys.ts";
import type { SubjectText } from "./x509/names.ts";
import { isSelfSigned, notAfterOf, notBeforeOf } from "./x509/read.ts";
import { readRequest } from "./x509/request.ts";
import { encryptedKeyPem } from "./x509/write-pkcs12.ts";

/** A root that is kept apart from every server, on a machine without network or on a stick (PK1). */
export interface OwnRoot {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/** Certificate and key file, PEM. The key is in the file and nowhere else, and only closed. */
export async function createRoot(order: {
  readonly subject: SubjectText;
  readonly keyType: AuthorityKeyType;
  readonly passphrase: Secret<string>;
  readonly now: Instant;
}): Promise<{ readonly certificate: X509Certificate; readonly keyFile: string }> {
  const { subject, keyType, passphrase, now } = order;
  const key = await createAuthorityKey(keyType);
  const certificate = buildCertificate(
    { profile: "root", publicKey: key, subject, hosts: [], now },
    { key },
  );
  return { certificate, keyFile: await encryptedKeyPem(key, passphrase) };
}

/** Opens a root from its two files, whoever made them; or says which of them is of no use, and why. */
export async function openRoot(
  files: { readonly certificate: Bytes; readonly key: Bytes },
  passphrase: Secret<string>,
  now: Instant,
): Promise<Result<OwnRoot, { readonly file: "certificate" | "key"; readonly why: string }>> {
  const read = await readBundle(files.certificate, null);
  const [certificate, ...more] = read.ok ? read.value.certificates : [];
  if (certificate === undefined || more.length > 0) {
    return err({ file: "certificate", why: "not one certificate" });
  }
  if (!certificate.ca || !isSelfSigned(certificate)) {
    return err({ file: "certificate", why: "not the certificate of a root" });
  }
  if (now < notBeforeOf(certificate) || now > notAfterOf(certificate)) {
    return err({ file: "certificate", why: "not within its dates: compare the clock" });
  }
  const opened = await readBundle(files.key, passphrase);
  if (!opened.ok) return err({ file: "key", why: opened.error.why });
  const key = opened.value.keys.find((one) => certificate.checkPrivateKey(one));
  if (key === undefined) return err({ file: "key", why: "not the key of this root" });
  return ok({ certificate, key });
}

/**
 * Certifies the issuing authority of a system for the name that its request says: whoever holds the
 * root looks at it first. It signs no further authorities.
 */
export function signAuthority(
  { certificate, key }: OwnRoot,
  der: Bytes,
  now: Instant,
): Result<X509Certificate, string> {
  const request = readRequest(der);
  if (!request.ok) return request;
  const { key: publicKey, subject } = request.value;
  if (publicKey.asymmetricKeyType === "ed25519") {
    return err("the request must be for a P-256, P-384 or RSA key");
  }
  if (subject.length === 0) return err("the request names nobody");
  const order = { profile: "authority", publicKey, subject, hosts: [], now } as const;
  const made = buildCertificate(order, { key, certificate });
  return made.subject === certificate.subject
    ? err("the request has the name of the root itself")
    : ok(made);
}

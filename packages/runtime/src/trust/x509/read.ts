import { X509Certificate } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  Certificate,
  id_ce_subjectAltName,
  SubjectAlternativeName,
  type GeneralName,
} from "@peculiar/asn1-x509";
import { encodeHex, type Bytes } from "@gridward/core/base/bytes";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import { sha256 } from "../../os/hash.ts";
import { parseCertificateUri, type CertificateName } from "./names.ts";

/** A certificate from a PEM text or DER bytes, or undefined: what comes from a peer may be anything. */
export function readCertificate(source: string | Bytes): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(source);
    // OpenSSL reads dates that are none, and NaN passes every comparison with a time. A key that
    // is none would throw later, where it is used.
    const hasDates = [notBeforeOf(certificate), notAfterOf(certificate)].every(Number.isFinite);
    return hasDates && certificate.publicKey.type === "public" ? certificate : undefined;
  } catch {
    return undefined;
  }
}

/** SHA-256 over the DER, lower-case hexadecimal. */
export function fingerprintOf(certificate: X509Certificate): string {
  return encodeHex(sha256(certificate.raw));
}

/** SHA-256 over the public key (SubjectPublicKeyInfo, DER): the same for every certificate of a key. */
export function keyFingerprintOf({ publicKey }: X509Certificate): string {
  return encodeHex(sha256(publicKey.export({ type: "spki", format: "der" })));
}

/** Serial number, lower-case hexadecimal with its leading zeros. */
export function serialOf(certificate: X509Certificate): string {
  return certificate.serialNumber.toLowerCase();
}

/**
 * NaN where the certificate holds no date. Taken from OpenSSL's text: `validFromDate` and
 * `validToDate` answer with whatever lay in memory when the date is none (Node 24).
 */
export function notBeforeOf(certificate: X509Certificate): Instant {
  return Date.parse(certificate.validFrom);
}

/** As notBeforeOf. */
export function notAfterOf(certificate: X509Certificate): Instant {
  return Date.parse(certificate.validTo);
}

/**
 * The name of a subject or an issuer on one line: "CN=A, O=…". Of one that is empty node:crypto
 * gives undefined, whatever its types say. A name is its holder's choice and is shown on terminals:
 * what would steer one, or turn the order of letters round, is replaced.
 */
export function nameText(name: string | undefined): string {
  if (name === undefined) return "(no name)";
  return name.replaceAll("\n", ", ").replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\u{FFFD}");
}

/**
 * The server or device that a certificate speaks for. Read from the structure, not from OpenSSL's
 * text of it, where one name can be made to look like two. Two identities are none.
 */
export function certificateNameOf(certificate: X509Certificate): CertificateName | undefined {
  const found = alternativeNamesOf(certificate)
    .map(({ uniformResourceIdentifier: uri }) =>
      uri === undefined ? uri : parseCertificateUri(uri),
    )
    .filter((name) => name !== undefined);
  return found.length === 1 ? found[0] : undefined;
}

/** The names by which a client's certificate may lead to an account, as `email:`, `dns:`, `uri:`. */
export function clientNamesOf(certificate: X509Certificate): readonly string[] {
  return alternativeNamesOf(certificate).flatMap((name) => {
    const { rfc822Name: email, dNSName: dns, uniformResourceIdentifier: uri } = name;
    if (email !== undefined) return [`email:${email.toLowerCase()}`];
    if (dns !== undefined) return [`dns:${dns.toLowerCase()}`];
    return uri === undefined ? [] : [`uri:${uri}`];
  });
}

function alternativeNamesOf(certificate: X509Certificate): readonly GeneralName[] {
  try {
    const { tbsCertificate } = AsnConvert.parse(certificate.raw, Certificate);
    const extension = tbsCertificate.extensions?.find(
      ({ extnID }) => extnID === id_ce_subjectAltName,
    );
    return extension === undefined
      ? []
      : AsnConvert.parse(extension.extnValue, SubjectAlternativeName);
  } catch {
    return [];
  }
}

/**
 * Signed with its own key: a temporary certificate, or an authority's root. Not by `checkIssued`,
 * for which a certificate that may sign no others is not its own issuer either.
 */
export function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.issuer === certificate.subject && certificate.verify(certificate.publicKey);
}

/** A certificate in one line, for the operator who has to compare two of them. */
export function certificateText(certificate: X509Certificate): string {
  const lasts = `${rfc3339(notBeforeOf(certificate))} to ${rfc3339(notAfterOf(certificate))}`;
  return (
    `${nameText(certificate.subject)}, issued by ${nameText(certificate.issuer)}, valid ${lasts}, ` +
    `fingerprint ${fingerprintOf(certificate)}`
  );
}

/** What people compare of a certificate, each in a column of its own. */
export type CertificateColumns = Readonly<
  Record<"subject" | "issuer" | "serial" | "not_before" | "not_after" | "fingerprint", string>
>;

export function certificateColumns(certificate: X509Certificate): CertificateColumns {
  return {
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    serial: serialOf(certificate),
    not_before: rfc3339(notBeforeOf(certificate)),
    not_after: rfc3339(notAfterOf(certificate)),
    fingerprint: fingerprintOf(certificate),
  };
}

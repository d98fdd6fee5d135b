import type { X509Certificate } from "node:crypto";
import { CertificationRequest } from "@peculiar/asn1-csr";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  Certificate,
  Extensions,
  id_ce_subjectAltName,
  SubjectAlternativeName,
  type Extension,
  type Name,
} from "@peculiar/asn1-x509";
import type { Bytes } from "@gridward/core/base/bytes";
import { objectIds } from "./object-ids.ts";

/**
 * RFC 7030 §4.2.2: does a request for renewal name the subject and the alternative names of the
 * certificate, and ask for no change of them? What cannot be read does not.
 */
export function asksForNamesOf(request: Bytes, certificate: X509Certificate): boolean {
  try {
    const { certificationRequestInfo: asked } = AsnConvert.parse(request, CertificationRequest);
    const { tbsCertificate: has } = AsnConvert.parse(certificate.raw, Certificate);
    if (asked.attributes.some(({ type }) => type === objectIds.changeSubjectName)) return false;
    const wanted = asked.attributes
      .filter(({ type }) => type === objectIds.extensionRequest)
      .flatMap(({ values }) => values)
      .flatMap((value) => AsnConvert.parse(value, Extensions));
    return (
      subjectText(asked.subject) === subjectText(has.subject) &&
      alternativesText(wanted) === alternativesText(has.extensions ?? [])
    );
  } catch {
    return false;
  }
}

/** Values as text: a client may choose another string type for the same characters. */
function subjectText(name: Name): string {
  const parts = name.map((part) =>
    Array.from(part, ({ type, value }) => `${type}=${value.toString()}`).toSorted(),
  );
  return JSON.stringify(parts);
}

function alternativesText(extensions: readonly Extension[]): string {
  const names = extensions
    .filter(({ extnID }) => extnID === id_ce_subjectAltName)
    .flatMap(({ extnValue }) => AsnConvert.parse(extnValue, SubjectAlternativeName))
    .map((name) => Buffer.from(AsnConvert.serialize(name)).toString("base64"));
  return names.toSorted().join(" ");
}

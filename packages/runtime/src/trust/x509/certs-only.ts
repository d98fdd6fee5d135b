import type { X509Certificate } from "node:crypto";
import {
  CertificateChoices,
  CertificateSet,
  CMSVersion,
  ContentInfo,
  EncapsulatedContentInfo,
  SignedData,
} from "@peculiar/asn1-cms";
import { AsnConvert } from "@peculiar/asn1-schema";
import { Certificate } from "@peculiar/asn1-x509";
import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { objectIds } from "./object-ids.ts";
import { readCertificate } from "./read.ts";

const bytesMax = 64 * 1024;

/** Certificates in a CMS without content or signers: what EST answers with (RFC 7030 §4.1.3). */
export function encodeCertsOnly(certificates: readonly X509Certificate[]): Bytes {
  const choices = certificates.map(
    ({ raw }) => new CertificateChoices({ certificate: AsnConvert.parse(raw, Certificate) }),
  );
  const signedData = new SignedData({
    version: CMSVersion.v1,
    encapContentInfo: new EncapsulatedContentInfo({ eContentType: objectIds.plainContent }),
    certificates: new CertificateSet(choices),
  });
  const content = new ContentInfo({
    contentType: objectIds.signedContent,
    content: AsnConvert.serialize(signedData),
  });
  return new Uint8Array(AsnConvert.serialize(content));
}

/** The certificates of such a message, in its order. */
export function decodeCertsOnly(der: Bytes): Result<readonly X509Certificate[], string> {
  if (der.length > bytesMax) return err("the CMS message is too large");
  try {
    const content = AsnConvert.parse(new Uint8Array(der), ContentInfo);
    if (content.contentType !== objectIds.signedContent) return err("not a CMS signed-data");
    const { certificates } = AsnConvert.parse(content.content, SignedData);
    const found: X509Certificate[] = [];
    for (const { certificate } of certificates ?? []) {
      if (certificate === undefined) continue;
      const read = readCertificate(Buffer.from(AsnConvert.serialize(certificate)));
      if (read === undefined) return err("a CMS message with a broken certificate");
      found.push(read);
    }
    return ok(found);
  } catch {
    return err("not a CMS message");
  }
}

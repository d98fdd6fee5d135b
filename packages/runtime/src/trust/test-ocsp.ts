import { createHash, type X509Certificate } from "node:crypto";
import { CertID, id_pkix_ocsp_nonce, OCSPRequest, Request, TBSRequest } from "@peculiar/asn1-ocsp";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import { AlgorithmIdentifier, Certificate, Extension } from "@peculiar/asn1-x509";
import type { Bytes } from "@gridward/core/base/bytes";
import { exactBuffer } from "./x509/certificate.ts";
import { objectIds } from "./x509/object-ids.ts";

export interface RequestMore {
  readonly digest?: "sha1" | "sha256";
  /** With tag and length. */
  readonly nonce?: Bytes;
  /** Object identifier of a critical extension that nobody knows. */
  readonly critical?: string;
}

/** For tests: an OCSP request, DER, for certificates by their serial numbers in hexadecimal. */
export function aRequest(
  issuer: X509Certificate,
  serials: readonly string[],
  { digest = "sha1", nonce, critical }: RequestMore = {},
): Bytes {
  const { tbsCertificate } = AsnConvert.parse(issuer.raw, Certificate);
  const hash = (bytes: ArrayBuffer): OctetString =>
    new OctetString(createHash(digest).update(new Uint8Array(bytes)).digest());
  const requestList = serials.map((serial) => {
    const reqCert = new CertID({
      hashAlgorithm: new AlgorithmIdentifier({ algorithm: objectIds[digest], parameters: null }),
      issuerNameHash: hash(AsnConvert.serialize(tbsCertificate.subject)),
      issuerKeyHash: hash(tbsCertificate.subjectPublicKeyInfo.subjectPublicKey),
      serialNumber: exactBuffer(Buffer.from(serial, "hex")),
    });
    return new Request({ reqCert });
  });
  const said = [
    ...(nonce === undefined ? [] : [extensionOf(id_pkix_ocsp_nonce, nonce, false)]),
    ...(critical === undefined ? [] : [extensionOf(critical, new Uint8Array(2), true)]),
  ];
  const more = said.length === 0 ? {} : { requestExtensions: said };
  const tbsRequest = new TBSRequest({ requestList, ...more });
  return new Uint8Array(AsnConvert.serialize(new OCSPRequest({ tbsRequest })));
}

function extensionOf(extnID: string, value: Bytes, critical: boolean): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(value) });
}

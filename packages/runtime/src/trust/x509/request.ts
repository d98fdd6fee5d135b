import { createPublicKey, sign, verify, type KeyObject, type X509Certificate } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import { Attributes, CertificationRequest, CertificationRequestInfo } from "@peculiar/asn1-csr";
import {
  Attribute,
  Certificate,
  Extensions,
  id_ce_subjectAltName,
  type Name,
  SubjectPublicKeyInfo,
} from "@peculiar/asn1-x509";
import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { signatureAlgorithm } from "./certificate.ts";
import { publicKeyDer, weaknessOf } from "./keys.ts";
import { distinguishedName } from "./names.ts";
import { objectIds, signatureDigests } from "./object-ids.ts";

/** A larger request is not looked at. */
export const requestBytesMax = 16 * 1024;

/**
 * A PKCS#10 request, DER, signed with the key that it is for (RFC 2986). It asks for nothing but
 * that key: the name is a hint for people, all the rest the authority knows better.
 */
export function createRequest(key: KeyObject, commonName: string): Bytes {
  return signRequest(key, distinguishedName({ commonName }), new Attributes());
}

/** RFC 7030 §4.2.2: a request that names what the certificate names that it is to renew. */
export function createRenewal(key: KeyObject, certificate: X509Certificate): Bytes {
  const { subject, extensions = [] } = AsnConvert.parse(
    certificate.raw,
    Certificate,
  ).tbsCertificate;
  const named = [...extensions].filter(({ extnID }) => extnID === id_ce_subjectAltName);
  const values = [AsnConvert.serialize(new Extensions(named))];
  const attributes = [new Attribute({ type: objectIds.extensionRequest, values })];
  return signRequest(key, subject, new Attributes(named.length === 0 ? [] : attributes));
}

function signRequest(key: KeyObject, subject: Name, attributes: Attributes): Bytes {
  const certificationRequestInfo = new CertificationRequestInfo({
    subject,
    subjectPKInfo: AsnConvert.parse(publicKeyDer(key), SubjectPublicKeyInfo),
    attributes,
  });
  const isEdwards = key.asymmetricKeyType === "ed25519";
  const signed = sign(
    isEdwards ? null : "sha256",
    Buffer.from(AsnConvert.serialize(certificationRequestInfo)),
    key,
  );
  const request = new CertificationRequest({
    certificationRequestInfo,
    signatureAlgorithm: signatureAlgorithm(key),
    signature: new Uint8Array(signed).buffer,
  });
  return new Uint8Array(AsnConvert.serialize(request));
}

/**
 * The public key of a request whose signature proves possession of the private one. The signature
 * is checked over the bytes received, not over a re-encoding. All else in a request is ignored on
 * purpose: no request decides names, roles or what a certificate may do.
 */
export function verifyRequest(der: Bytes): Result<KeyObject, string> {
  if (der.length > requestBytesMax) return err("the request is too large");
  try {
    return keyOfRequest(new Uint8Array(der));
  } catch {
    return err("this is not a PKCS#10 request");
  }
}

function keyOfRequest(der: Uint8Array<ArrayBuffer>): Result<KeyObject, string> {
  const request = AsnConvert.parse(der, CertificationRequest);
  const signedBytes = request.certificationRequestInfoRaw;
  if (signedBytes === undefined) return err("this is not a PKCS#10 request");
  const key = createPublicKey({
    key: Buffer.from(AsnConvert.serialize(request.certificationRequestInfo.subjectPKInfo)),
    format: "der",
    type: "spki",
  });
  const weakness = weaknessOf(key);
  if (weakness !== undefined) return err(`the request is for ${weakness}`);
  const digest = signatureDigests.get(request.signatureAlgorithm.algorithm);
  if (digest === undefined) return err("the request is signed with an algorithm we do not accept");
  const isGenuine = verify(digest, Buffer.from(signedBytes), key, Buffer.from(request.signature));
  return isGenuine ? ok(key) : err("the signature of the request is wrong");
}

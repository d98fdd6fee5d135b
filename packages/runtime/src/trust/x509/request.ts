import { createPublicKey, verify, type KeyObject, type X509Certificate } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import { Attributes, CertificationRequest, CertificationRequestInfo } from "@peculiar/asn1-csr";
import {
  Attribute,
  Certificate,
  type Extension,
  Extensions,
  id_ce_subjectAltName,
  type Name,
  SubjectPublicKeyInfo,
} from "@peculiar/asn1-x509";
import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { capabilities, nameOf } from "./certificate.ts";
import { publicKeyDer, weaknessOf } from "./keys.ts";
import { distinguishedName, type SubjectText } from "./names.ts";
import { objectIds, signatureDigests } from "./object-ids.ts";
import { profileRules } from "./profile.ts";
import { signatureAlgorithm, signBytes } from "./sign.ts";

/** A larger request is not looked at. */
export const requestBytesMax = 16 * 1024;

/**
 * A PKCS#10 request, DER, signed with the key that it is for (RFC 2986). It asks for nothing but
 * that key: the name is a hint for people, all the rest the authority knows better.
 */
export function createRequest(key: KeyObject, commonName: string): Bytes {
  return signRequest(key, distinguishedName({ commonName }), new Attributes());
}

/** A request for an authority of this name, which says that it is to sign: no CA guesses that. */
export function createAuthorityRequest(key: KeyObject, subject: SubjectText | Name): Bytes {
  const asked = capabilities(profileRules.authority);
  return signRequest(key, nameOf(subject), asksFor(asked));
}

/** Whether a request that we made is for this name. */
export function isRequestOf(der: Bytes, subject: SubjectText): boolean {
  const { certificationRequestInfo } = AsnConvert.parse(new Uint8Array(der), CertificationRequest);
  const [asked, wanted] = [certificationRequestInfo.subject, distinguishedName(subject)].map(
    (name) => Buffer.from(AsnConvert.serialize(name)).toString("hex"),
  );
  return asked === wanted;
}

/** "-----BEGIN CERTIFICATE REQUEST-----", as CAs take it. */
export function requestToPem(der: Bytes): string {
  const lines = Buffer.from(der)
    .toString("base64")
    .replaceAll(/.{1,64}/g, "$&\n");
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines}-----END CERTIFICATE REQUEST-----\n`;
}

/** RFC 7030 §4.2.2: a request that names what the certificate names that it is to renew. */
export function createRenewal(key: KeyObject, certificate: X509Certificate): Bytes {
  const { subject, extensions = [] } = AsnConvert.parse(
    certificate.raw,
    Certificate,
  ).tbsCertificate;
  const named = [...extensions].filter(({ extnID }) => extnID === id_ce_subjectAltName);
  return signRequest(key, subject, asksFor(named));
}

/** RFC 2985 §5.4.2. */
function asksFor(extensions: readonly Extension[]): Attributes {
  if (extensions.length === 0) return new Attributes();
  const values = [AsnConvert.serialize(new Extensions([...extensions]))];
  return new Attributes([new Attribute({ type: objectIds.extensionRequest, values })]);
}

function signRequest(key: KeyObject, subject: Name, attributes: Attributes): Bytes {
  const certificationRequestInfo = new CertificationRequestInfo({
    subject,
    subjectPKInfo: AsnConvert.parse(publicKeyDer(key), SubjectPublicKeyInfo),
    attributes,
  });
  const signed = signBytes(new Uint8Array(AsnConvert.serialize(certificationRequestInfo)), key);
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
  const read = readRequest(der);
  return read.ok ? ok(read.value.key) : read;
}

/** As above with the name that it is for, for who decides by what a person sees of it. */
export function readRequest(der: Bytes): Result<ProvedRequest, string> {
  if (der.length > requestBytesMax) return err("the request is too large");
  try {
    return keyOfRequest(new Uint8Array(der));
  } catch {
    return err("this is not a PKCS#10 request");
  }
}

interface ProvedRequest {
  readonly key: KeyObject;
  readonly subject: Name;
}

function keyOfRequest(der: Uint8Array<ArrayBuffer>): Result<ProvedRequest, string> {
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
  if (!isGenuine) return err("the signature of the request is wrong");
  return ok({ key, subject: request.certificationRequestInfo.subject });
}

import { X509Certificate, type KeyObject } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AccessDescription,
  AuthorityInfoAccessSyntax,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  CRLDistributionPoints,
  DistributionPoint,
  DistributionPointName,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ad_ocsp,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_cRLDistributionPoints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_pe_authorityInfoAccess,
  KeyIdentifier,
  KeyUsage,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
  Name,
} from "@peculiar/asn1-x509";
import type { Bytes } from "@gridward/core/base/bytes";
import { hour, second, type Instant } from "@gridward/core/base/time";
import { sha256 } from "../../os/hash.ts";
import { randomBytes } from "../../os/random.ts";
import { publicKeyDer } from "./keys.ts";
import {
  alternativeNames,
  distinguishedName,
  type CertificateName,
  type SubjectText,
} from "./names.ts";
import { objectIds } from "./object-ids.ts";
import { profileRules, type Profile } from "./profile.ts";
import { notAfterOf } from "./read.ts";
import { signatureAlgorithm, signBytes } from "./sign.ts";

/** Where an issuer says what it revoked, the same at each address. */
export interface RevocationUrls {
  /** Of its list (RFC 5280 §4.2.1.13). */
  readonly lists: readonly string[];
  /** Of its OCSP responder (RFC 5280 §4.2.2.1). */
  readonly responders: readonly string[];
}

/** What a new certificate says. Nothing in it is taken from a request but the public key. */
export interface CertificateOrder {
  readonly profile: Profile;
  readonly publicKey: KeyObject;
  /** A name as it stands in another certificate, or what makes one. */
  readonly subject: SubjectText | Name;
  readonly name?: CertificateName;
  readonly hosts: readonly string[];
  readonly emails?: readonly string[];
  /** Where one may ask whether it counts still. */
  readonly revocation?: RevocationUrls;
  readonly now: Instant;
}

/** Who signs: for a self-signed certificate the key alone. */
export interface Issuer {
  readonly key: KeyObject;
  readonly certificate?: X509Certificate;
}

/** Clocks in a plant differ, by an hour where summer time was set by hand: valid from before that. */
const backdating = 2 * hour;

/** Builds and signs a certificate by its profile. DER inside, as node:crypto reads it. */
export function buildCertificate(order: CertificateOrder, issuer: Issuer): X509Certificate {
  const parent = issuer.certificate && AsnConvert.parse(issuer.certificate.raw, Certificate);
  const subject = nameOf(order.subject);
  const algorithm = signatureAlgorithm(issuer.key);
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: freshSerial(),
    signature: algorithm,
    issuer: parent?.tbsCertificate.subject ?? subject,
    validity: validity(order, issuer.certificate),
    subject,
    subjectPublicKeyInfo: AsnConvert.parse(publicKeyDer(order.publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions(extensions(order, subject, parent)),
  });
  const signed = signBytes(new Uint8Array(AsnConvert.serialize(tbsCertificate)), issuer.key);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: exactBuffer(signed),
  });
  return new X509Certificate(Buffer.from(AsnConvert.serialize(certificate)));
}

function extensions(
  order: CertificateOrder,
  subject: Name,
  parent: Certificate | undefined,
): Extension[] {
  const rules = profileRules[order.profile];
  const keyId = keyIdentifier(order.publicKey);
  const list = [
    ...capabilities(rules),
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId), false),
    extension(
      id_ce_authorityKeyIdentifier,
      new AuthorityKeyIdentifier({
        keyIdentifier: new KeyIdentifier(parent === undefined ? keyId : subjectKeyId(parent)),
      }),
      false,
    ),
  ];
  if (rules.extendedKeyUsage.length > 0) {
    const usage = new ExtendedKeyUsage([...rules.extendedKeyUsage]);
    list.push(extension(id_ce_extKeyUsage, usage, rules.isUsageCritical));
  }
  const names = alternativeNames(order.name, order);
  if (names.length > 0) {
    // RFC 5280 §4.2.1.6: critical exactly where the subject is empty.
    const isCritical = subject.length === 0;
    list.push(extension(id_ce_subjectAltName, new SubjectAlternativeName(names), isCritical));
  }
  return [...list, ...revocationExtensions(order)];
}

export function nameOf(subject: SubjectText | Name): Name {
  return subject instanceof Name ? subject : distinguishedName(subject);
}

/** To be had by another certificate as well. */
export function subjectOf({ raw }: X509Certificate): Name {
  return AsnConvert.parse(raw, Certificate).tbsCertificate.subject;
}

/** What the holder of a key may sign, as a certificate says it and a request asks for it. */
export function capabilities({
  isAuthority,
  pathLength,
  keyUsage,
}: (typeof profileRules)[Profile]): readonly Extension[] {
  const constraints = new BasicConstraints({
    ...(isAuthority ? { cA: true } : {}),
    ...(pathLength === null ? {} : { pathLenConstraint: pathLength }),
  });
  return [
    extension(id_ce_basicConstraints, constraints, true),
    extension(id_ce_keyUsage, new KeyUsage(keyUsage), true),
  ];
}

function revocationExtensions({ profile, revocation }: CertificateOrder): readonly Extension[] {
  // RFC 6960 §4.2.2.2.1: who tells what is revoked is not asked of itself.
  if (profile === "ocsp-responder") {
    const extnValue = new OctetString(Uint8Array.of(0x05, 0x00));
    return [new Extension({ extnID: objectIds.ocspNoCheck, extnValue })];
  }
  const { lists, responders } = revocation ?? { lists: [], responders: [] };
  const list: Extension[] = [];
  if (responders.length > 0) {
    list.push(extension(id_pe_authorityInfoAccess, responderAccess(responders), false));
  }
  if (lists.length > 0) {
    list.push(extension(id_ce_cRLDistributionPoints, distributionPoints(lists), false));
  }
  return list;
}

function responderAccess(urls: readonly string[]): AuthorityInfoAccessSyntax {
  return new AuthorityInfoAccessSyntax(
    urls.map((url) => {
      const accessLocation = new GeneralName({ uniformResourceIdentifier: url });
      return new AccessDescription({ accessMethod: id_ad_ocsp, accessLocation });
    }),
  );
}

/** One point with several addresses: the same list, whichever answers. */
function distributionPoints(urls: readonly string[]): CRLDistributionPoints {
  const fullName = urls.map((url) => new GeneralName({ uniformResourceIdentifier: url }));
  const distributionPoint = new DistributionPointName({ fullName });
  return new CRLDistributionPoints([new DistributionPoint({ distributionPoint })]);
}

export function extension(extnID: string, value: object, critical: boolean): Extension {
  const extnValue = new OctetString(AsnConvert.serialize(value));
  return new Extension({ extnID, critical, extnValue });
}

/** RFC 7093 §2 method 1: the first 160 bits of SHA-256 over the public key's bits. */
function keyIdentifier(publicKey: KeyObject): ArrayBuffer {
  const structure = AsnConvert.parse(publicKeyDer(publicKey), SubjectPublicKeyInfo);
  return exactBuffer(sha256(new Uint8Array(structure.subjectPublicKey)).subarray(0, 20));
}

/** By which others name its key: as it says itself, or made from the key. */
export function subjectKeyId(certificate: Certificate): ArrayBuffer {
  const found = certificate.tbsCertificate.extensions?.find(
    ({ extnID }) => extnID === id_ce_subjectKeyIdentifier,
  );
  if (found !== undefined) return AsnConvert.parse(found.extnValue, SubjectKeyIdentifier).buffer;
  const bits = new Uint8Array(certificate.tbsCertificate.subjectPublicKeyInfo.subjectPublicKey);
  return exactBuffer(sha256(bits).subarray(0, 20));
}

function validity(order: CertificateOrder, issuer: X509Certificate | undefined): Validity {
  const lasts = order.now + profileRules[order.profile].life;
  // A certificate that outlives its issuer is refused by every verifier anyway.
  const end = issuer === undefined ? lasts : Math.min(lasts, notAfterOf(issuer));
  return new Validity({
    notBefore: wholeSecond(order.now - backdating),
    notAfter: wholeSecond(end),
  });
}

/** RFC 5280 §4.1.2.5 forbids fractions of a second. */
function wholeSecond(at: Instant): Date {
  return new Date(Math.floor(at / second) * second);
}

/** 127 random bits after a leading one bit below the sign: positive, 16 octets, DER as it stands. */
function freshSerial(): ArrayBuffer {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return exactBuffer(serial);
}

/** A buffer of exactly these bytes: Node's Buffers share larger ones. */
export function exactBuffer(bytes: Bytes): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

import { createHash, type KeyObject, type X509Certificate } from "node:crypto";
import {
  type CertID,
  CertStatus,
  id_pkix_ocsp_basic,
  id_pkix_ocsp_nonce,
  OCSPRequest,
  OCSPResponse,
  OCSPResponseStatus,
  ResponderID,
  ResponseBytes,
  ResponseData,
  RevokedInfo,
  SingleResponse,
} from "@peculiar/asn1-ocsp";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import { Certificate, CRLReason, CRLReasons, Extension, type Name } from "@peculiar/asn1-x509";
import { encodeHex, type Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { encodeBer } from "@gridward/core/codec/ber";
import { second, type Instant } from "@gridward/core/base/time";
import type { RevocationReason } from "@gridward/core/domain/revocation-reason";
import { crlTags as tags, der } from "./crl.ts";
import { objectIds } from "./object-ids.ts";
import { serialText } from "./read-crl.ts";
import { signatureAlgorithm, signBytes } from "./sign.ts";

/** A larger request is not read; one for a single certificate has about 150 bytes. */
export const ocspRequestBytesMax = 4096;

/** Certificates of one request. */
export const ocspAskedMax = 16;

/** RFC 9654 §2.1: 1 to 128 octets, here with the tag and length in which they come. */
const nonceBytesMax = 131;

/** One certificate that is asked for, by its issuer and serial number (RFC 6960 §4.1.1). */
export interface AskedCertificate {
  /** What the answer repeats; null where the issuer is named by a digest that we do not know. */
  readonly id: CertID | null;
  /** Digest, name and key of the issuer in one text, as in `issuerMarks`. */
  readonly issuer: string;
  /** As `serialOf` has it. */
  readonly serial: string;
}

export interface OcspQuestion {
  readonly asked: readonly AskedCertificate[];
  /** As it came, with its tag and length. */
  readonly nonce: Bytes | null;
}

const digests: ReadonlyMap<string, string> = new Map([
  [objectIds.sha1, "sha1"],
  [objectIds.sha256, "sha256"],
]);

/** A request, DER. Its signature, if it has one, is not looked at: anyone may ask. */
export function readOcspRequest(bytes: Bytes): Result<OcspQuestion, string> {
  if (bytes.length > ocspRequestBytesMax) return err("the request is too large");
  try {
    return readRequest(AsnConvert.parse(new Uint8Array(bytes), OCSPRequest));
  } catch {
    return err("not an OCSP request");
  }
}

function readRequest({ tbsRequest }: OCSPRequest): Result<OcspQuestion, string> {
  const { requestList, requestExtensions = [] } = tbsRequest;
  if (requestList.length === 0) return err("the request asks for no certificate");
  if (requestList.length > ocspAskedMax) return err("the request asks for too many certificates");
  const single = requestList.flatMap(({ singleRequestExtensions = [] }) => singleRequestExtensions);
  const unknown = [...requestExtensions, ...single].find(
    ({ critical, extnID }) => critical && extnID !== id_pkix_ocsp_nonce,
  );
  if (unknown !== undefined) return err(`the request has the critical extension ${unknown.extnID}`);
  const found = requestExtensions.find(({ extnID }) => extnID === id_pkix_ocsp_nonce);
  const nonce = found === undefined ? null : new Uint8Array(found.extnValue.buffer);
  if (nonce?.length === 0 || (nonce?.length ?? 0) > nonceBytesMax) {
    return err("the nonce must have 1 to 128 octets");
  }
  return ok({ asked: requestList.map(({ reqCert }) => askedOf(reqCert)), nonce });
}

/** Throws where the digest has parameters, which neither of ours has. */
function askedOf(id: CertID): AskedCertificate {
  const { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber } = id;
  const { algorithm, parameters } = hashAlgorithm;
  const digest = digests.get(algorithm);
  const [name, key] = [issuerNameHash, issuerKeyHash].map((hash) =>
    encodeHex(new Uint8Array(hash.buffer)),
  );
  const serial = serialText(new Uint8Array(serialNumber));
  if (digest === undefined) return { id: null, issuer: "", serial };
  if (!isNone(parameters)) throw new RangeError("parameters of a digest");
  return { id, issuer: `${digest} ${name} ${key}`, serial };
}

/** RFC 5754 §2: absent, or NULL as older software writes it. */
function isNone(parameters: ArrayBuffer | null | undefined): boolean {
  if (parameters === null || parameters === undefined) return true;
  return Buffer.from(parameters).equals(Uint8Array.of(0x05, 0x00));
}

/** All texts under which requests name an issuer: one for each digest that we know. */
export function issuerMarks(issuer: X509Certificate): readonly string[] {
  const { subject, subjectPublicKeyInfo } = AsnConvert.parse(
    issuer.raw,
    Certificate,
  ).tbsCertificate;
  const name = new Uint8Array(AsnConvert.serialize(subject));
  const key = new Uint8Array(subjectPublicKeyInfo.subjectPublicKey);
  const hash = (digest: string, of: Bytes): string => createHash(digest).update(of).digest("hex");
  return [...digests.values()].map(
    (digest) => `${digest} ${hash(digest, name)} ${hash(digest, key)}`,
  );
}

/** What is known of a certificate. */
export type OcspState =
  | "good"
  | "unknown"
  | { readonly at: Instant; readonly reason: RevocationReason };

export interface OcspOrder {
  readonly answers: readonly { readonly id: CertID; readonly state: OcspState }[];
  readonly nonce: Bytes | null;
  readonly producedAt: Instant;
  /** When what is said was known to be so, and until when it may be relied on. */
  readonly thisUpdate: Instant;
  readonly nextUpdate: Instant;
}

/**
 * Signs an answer (RFC 6960 §4.2.1) in the name of the issuer that certified the signer. DER. The
 * library takes a millisecond to write the signer's certificate, which is there in DER: so the frame
 * around it is our own.
 */
export function buildOcspAnswer(
  order: OcspOrder,
  signer: { readonly key: KeyObject; readonly certificate: X509Certificate },
): Bytes {
  const { nonce } = order;
  const responseExtensions =
    nonce === null
      ? []
      : [new Extension({ extnID: id_pkix_ocsp_nonce, extnValue: new OctetString(nonce) })];
  const says = der(
    new ResponseData({
      responderID: new ResponderID({ byName: nameOf(signer.certificate) }),
      producedAt: wholeSecond(order.producedAt),
      responses: order.answers.map((answer) => singleResponse(order, answer)),
      ...(responseExtensions.length === 0 ? {} : { responseExtensions }),
    }),
  );
  const basic = encodeBer(
    tags.sequence,
    says,
    der(signatureAlgorithm(signer.key)),
    encodeBer(tags.bitString, Uint8Array.of(0), signBytes(says, signer.key)),
    encodeBer(tags.context0, encodeBer(tags.sequence, signer.certificate.raw)),
  );
  const response = new OctetString(basic);
  const responseBytes = new ResponseBytes({ responseType: id_pkix_ocsp_basic, response });
  return der(new OCSPResponse({ responseStatus: OCSPResponseStatus.successful, responseBytes }));
}

const names = new WeakMap<X509Certificate, Name>();

/** Read once of each signer: an answer may be asked for many times a second. */
function nameOf(certificate: X509Certificate): Name {
  const known = names.get(certificate);
  if (known !== undefined) return known;
  const { subject } = AsnConvert.parse(certificate.raw, Certificate).tbsCertificate;
  names.set(certificate, subject);
  return subject;
}

function singleResponse(
  { thisUpdate, nextUpdate }: OcspOrder,
  { id, state }: OcspOrder["answers"][number],
): SingleResponse {
  return new SingleResponse({
    certID: id,
    certStatus: statusOf(state),
    thisUpdate: wholeSecond(thisUpdate),
    nextUpdate: wholeSecond(nextUpdate),
  });
}

function statusOf(state: OcspState): CertStatus {
  if (state === "good") return new CertStatus({ good: null });
  if (state === "unknown") return new CertStatus({ unknown: null });
  const { at, reason } = state;
  // RFC 5280 §5.3.1: unspecified is said by saying nothing.
  const said =
    reason === "unspecified" ? {} : { revocationReason: new CRLReason(CRLReasons[reason]) };
  return new CertStatus({ revoked: new RevokedInfo({ revocationTime: wholeSecond(at), ...said }) });
}

/** RFC 6960 §4.2.2.1 takes times as RFC 5280 does: without fractions of a second. */
function wholeSecond(at: Instant): Date {
  return new Date(Math.floor(at / second) * second);
}

/** Why there is no answer; unsigned (RFC 6960 §2.3). */
export function ocspFailure(why: "malformedRequest" | "tryLater" | "unauthorized"): Bytes {
  return der(new OCSPResponse({ responseStatus: OCSPResponseStatus[why] }));
}

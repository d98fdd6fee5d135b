import type { KeyObject, X509Certificate } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AuthorityKeyIdentifier,
  Certificate,
  CRLReasons,
  Extension,
  Extensions,
  id_ce_authorityKeyIdentifier,
  id_ce_cRLNumber,
  KeyIdentifier,
} from "@peculiar/asn1-x509";
import { concat, decodeHex, utf8, type Bytes } from "@gridward/core/base/bytes";
import { assert } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import { berTags, encodeBer } from "@gridward/core/codec/ber";
import type { RevocationReason } from "@gridward/core/domain/revocation-reason";
import { extension, subjectKeyId } from "./certificate.ts";
import { signatureAlgorithm, signBytes } from "./sign.ts";

/** A larger list is not looked at: 20,000 certificates. */
export const crlBytesMax = 1024 * 1024;

/** One certificate that counts no more. */
export interface ListedCertificate {
  /** Lower-case hexadecimal, as `serialOf` has it. */
  readonly serial: string;
  readonly at: Instant;
  readonly reason: RevocationReason;
}

export interface CrlOrder {
  readonly number: number;
  readonly thisUpdate: Instant;
  readonly nextUpdate: Instant;
  readonly listed: readonly ListedCertificate[];
}

export const crlTags = {
  ...berTags,
  bitString: 0x03,
  utcTime: 0x17,
  generalTime: 0x18,
  context0: 0xa0,
};

/**
 * Signs a revocation list, version 2 (RFC 5280 §5). DER. Lists grow with the system, and the ASN.1
 * library takes 170 µs for each entry, on the main loop: so the frame and the entries are our own.
 */
export function buildCrl(
  order: CrlOrder,
  issuer: { readonly key: KeyObject; readonly certificate: X509Certificate },
): Bytes {
  const parent = AsnConvert.parse(issuer.certificate.raw, Certificate);
  const algorithm = der(signatureAlgorithm(issuer.key));
  const { listed } = order;
  const tbs = encodeBer(
    crlTags.sequence,
    encodeBer(crlTags.integer, integerBytes(1)),
    algorithm,
    der(parent.tbsCertificate.subject),
    timeOf(order.thisUpdate),
    timeOf(order.nextUpdate),
    // §5.1.2.6: absent where there is none.
    ...(listed.length === 0 ? [] : [encodeBer(crlTags.sequence, ...listed.map(entryOf))]),
    encodeBer(crlTags.context0, der(listExtensions(parent, order.number))),
  );
  const signed = encodeBer(crlTags.bitString, Uint8Array.of(0), signBytes(tbs, issuer.key));
  return encodeBer(crlTags.sequence, tbs, algorithm, signed);
}

export function der(structure: object): Bytes {
  return new Uint8Array(AsnConvert.serialize(structure));
}

function listExtensions(issuer: Certificate, number: number): Extensions {
  const keyIdentifier = new KeyIdentifier(subjectKeyId(issuer));
  const numbered = encodeBer(crlTags.integer, integerBytes(number));
  return new Extensions([
    extension(id_ce_authorityKeyIdentifier, new AuthorityKeyIdentifier({ keyIdentifier }), false),
    new Extension({ extnID: id_ce_cRLNumber, extnValue: new OctetString(numbered) }),
  ]);
}

/** Object identifier 2.5.29.21. */
export const reasonId = Uint8Array.of(0x06, 0x03, 0x55, 0x1d, 0x15);

function entryOf({ serial, at, reason }: ListedCertificate): Bytes {
  const code = Uint8Array.of(CRLReasons[reason]);
  const value = encodeBer(crlTags.octetString, encodeBer(crlTags.enumerated, code));
  const said = encodeBer(crlTags.sequence, encodeBer(crlTags.sequence, reasonId, value));
  // §5.3.1: unspecified is said by saying nothing.
  const more = reason === "unspecified" ? [] : [said];
  return encodeBer(
    crlTags.sequence,
    encodeBer(crlTags.integer, positive(serial)),
    timeOf(at),
    ...more,
  );
}

/** The seconds of 2038 take five octets. */
function integerBytes(value: number): Bytes {
  const digits = value.toString(16);
  return positive(digits.length % 2 === 0 ? digits : `0${digits}`);
}

/** Two's complement of a number that is not negative. */
function positive(hex: string): Bytes {
  const bytes = decodeHex(hex);
  assert(bytes.ok, "a number is hexadecimal digits");
  const isNegative = (bytes.value[0] ?? 0) > 0x7f;
  return isNegative ? concat([Uint8Array.of(0), bytes.value]) : bytes.value;
}

/** §5.1.2.4: UTCTime up to 2049, GeneralizedTime from 2050, no fractions of a second. */
function timeOf(at: Instant): Bytes {
  const digits = new Date(at).toISOString().replaceAll(/\.\d+|[-:TZ]/g, "");
  return at < Date.UTC(2050, 0)
    ? encodeBer(crlTags.utcTime, utf8(`${digits.slice(2)}Z`))
    : encodeBer(crlTags.generalTime, utf8(`${digits}Z`));
}

/** "-----BEGIN X509 CRL-----", as OpenSSL names it. */
export function crlToPem(list: Bytes): string {
  const lines = Buffer.from(list)
    .toString("base64")
    .replaceAll(/.{1,64}/g, "$&\n");
  return `-----BEGIN X509 CRL-----\n${lines}-----END X509 CRL-----\n`;
}

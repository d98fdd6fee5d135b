import { verify, type KeyObject, type X509Certificate } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  Certificate,
  CRLReasons,
  type Extension,
  Extensions,
  id_ce_cRLNumber,
} from "@peculiar/asn1-x509";
import { encodeHex, sameBytes, type Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import { contentOf, decodeBer, decodeBerHeader, type BerElement } from "@gridward/core/codec/ber";
import type { RevocationList } from "../revocation.ts";
import { crlBytesMax, crlTags as tags, reasonId } from "./crl.ts";
import { signatureDigests } from "./object-ids.ts";
import { cutPem } from "./pem.ts";

const entryBytesMax = 1024;

/** When a certificate was revoked and why. */
export interface Listing {
  readonly at: Instant;
  /** As RFC 5280 §5.3.1 names it. */
  readonly reason: string;
}

/** What a revocation list says, before anybody looked whether its issuer signed it. */
export interface ReadList extends RevocationList {
  readonly revoked: ReadonlyMap<string, Listing>;
}

/**
 * A list from DER or PEM. Refused as a whole where a critical extension limits it to some
 * certificates (§5.2): we would take it for all of them.
 */
export function readCrl(source: Bytes | string): Result<ReadList, string> {
  const bytes = typeof source === "string" ? bytesOfPem(source) : source;
  if (bytes === undefined) return err("no revocation list in PEM");
  if (bytes.length > crlBytesMax) return err("the revocation list is too large");
  try {
    return readList(bytes);
  } catch {
    return err("not a revocation list");
  }
}

function bytesOfPem(text: string): Bytes | undefined {
  if (text.length > 2 * crlBytesMax) return undefined;
  const body = cutPem(text)?.find(({ label }) => label === "X509 CRL")?.body;
  const isBase64 = body !== undefined && /^[A-Za-z0-9+/=\s]+$/.test(body);
  return isBase64 ? Buffer.from(body, "base64") : undefined;
}

interface Piece {
  readonly tag: number;
  /** With tag and length. */
  readonly whole: Bytes;
  readonly content: Bytes;
}

/** The elements of a run, one after the other; what is inside of them is not looked at. */
function* eachOf(run: Bytes): Generator<Piece, undefined> {
  for (let offset = 0; offset < run.length;) {
    const header = decodeBerHeader(run, offset);
    if (!header.ok || header.value.end > run.length) throw new RangeError("no element");
    const { tag, start, end } = header.value;
    yield { tag, whole: run.subarray(offset, end), content: run.subarray(start, end) };
    offset = end;
  }
  return undefined;
}

function piecesOf(run: Bytes, most: number): Piece[] {
  const pieces: Piece[] = [];
  for (const piece of eachOf(run)) {
    if (pieces.push(piece) > most) throw new RangeError("too many elements");
  }
  return pieces;
}

/** The parts of a list, not yet read; §5.1. */
interface ListParts {
  readonly signed: Bytes;
  readonly issuer: Bytes;
  readonly thisUpdate: Instant;
  readonly nextUpdate: Instant | null;
  readonly entries: Bytes;
  readonly extensions: readonly Extension[];
  readonly algorithm: string;
  readonly signature: Bytes;
}

function readList(bytes: Bytes): Result<ReadList, string> {
  const parts = partsOf(bytes);
  const critical = parts.extensions.find((one) => one.critical);
  if (critical !== undefined) return err(`the list has the critical extension ${critical.extnID}`);
  const revoked = readEntries(parts.entries);
  if (!revoked.ok) return revoked;
  const { thisUpdate, nextUpdate, algorithm, issuer } = parts;
  const digest = signatureDigests.get(algorithm);
  return ok({
    number: numberOf(parts.extensions),
    thisUpdate,
    nextUpdate,
    revoked: revoked.value,
    isSignedBy: (certificate) =>
      digest !== undefined &&
      Buffer.compare(issuer, subjectOf(certificate)) === 0 &&
      isGenuine(digest, parts.signed, certificate.publicKey, parts.signature),
  });
}

/** Throws where it is none. */
function partsOf(bytes: Bytes): ListParts {
  const [outer] = piecesOf(bytes, 1);
  const [tbs, algorithm, signature] = piecesOf(inside(outer, tags.sequence), 3);
  const signatureBits = inside(signature, tags.bitString);
  const left = piecesOf(inside(tbs, tags.sequence), 7);
  if (left[0]?.tag === tags.integer) left.shift();
  const [inner, issuer, since] = left.splice(0, 3);
  const nextUpdate = isTime(left[0]) ? readTime(left.shift()) : null;
  const entries = takeContent(left, tags.sequence);
  const extensions = takeContent(left, tags.context0);
  // §5.1.1.2: what is signed names the same algorithm as what stands outside of it.
  inside(inner, tags.sequence);
  const isSame = sameBytes(wholeOf(inner), wholeOf(algorithm));
  if (!isSame || left.length > 0 || signatureBits[0] !== 0) throw new RangeError("no list");
  return {
    signed: wholeOf(tbs),
    issuer: wholeOf(issuer),
    thisUpdate: readTime(since),
    nextUpdate,
    entries,
    extensions: extensionsOf(extensions),
    algorithm: algorithmOf(wholeOf(algorithm)),
    signature: signatureBits.subarray(1),
  };
}

/** What may be there next; nothing where it is not. */
function takeContent(left: Piece[], tag: number): Bytes {
  return (left[0]?.tag === tag ? left.shift() : undefined)?.content ?? new Uint8Array();
}

/** Throws where there is no such element. */
function inside(piece: Piece | undefined, tag: number): Bytes {
  if (piece?.tag !== tag) throw new RangeError("another element");
  return piece.content;
}

function wholeOf(piece: Piece | undefined): Bytes {
  if (piece === undefined) throw new RangeError("no element");
  return piece.whole;
}

function algorithmOf(bytes: Bytes): string {
  return AsnConvert.parse(new Uint8Array(bytes), AlgorithmIdentifier).algorithm;
}

function extensionsOf(bytes: Bytes): readonly Extension[] {
  return bytes.length === 0 ? [] : AsnConvert.parse(new Uint8Array(bytes), Extensions);
}

function subjectOf(certificate: X509Certificate): Bytes {
  const { subject } = AsnConvert.parse(certificate.raw, Certificate).tbsCertificate;
  return new Uint8Array(AsnConvert.serialize(subject));
}

/** False also where key and algorithm do not go together, of which node:crypto makes an exception. */
function isGenuine(digest: string | null, signed: Bytes, key: KeyObject, by: Bytes): boolean {
  try {
    return verify(digest, signed, key, by);
  } catch {
    return false;
  }
}

function isTime(piece: Piece | undefined): piece is Piece {
  return piece?.tag === tags.utcTime || piece?.tag === tags.generalTime;
}

/** Throws where it is none, also for a date that the calendar does not have. */
function readTime(piece: Piece | undefined): Instant {
  if (!isTime(piece)) throw new RangeError("no time");
  const text = Buffer.from(piece.content).toString("latin1");
  // §4.1.2.5.1: two digits of a year below 50 are of this century.
  const full = piece.tag === tags.utcTime ? `${text < "5" ? "20" : "19"}${text}` : text;
  const spaced = full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const at = spaced === full ? Number.NaN : Date.parse(spaced);
  if (!Number.isFinite(at)) throw new RangeError("no date");
  return at;
}

function numberOf(extensions: readonly Extension[]): bigint | null {
  const found = extensions.find(({ extnID }) => extnID === id_ce_cRLNumber);
  if (found === undefined) return null;
  const read = decodeBer(new Uint8Array(found.extnValue.buffer));
  const content = read.ok ? contentOf(read.value, tags.integer) : undefined;
  // §5.2.3: at most 20 octets.
  if (content === undefined || content.length === 0 || content.length > 20) return null;
  return BigInt(`0x${encodeHex(content)}`);
}

function readEntries(run: Bytes): Result<ReadonlyMap<string, Listing>, string> {
  const revoked = new Map<string, Listing>();
  for (const { tag, content } of eachOf(run)) {
    if (tag !== tags.sequence || content.length > entryBytesMax) throw new RangeError("no entry");
    const [serial, at, said] = piecesOf(content, 3);
    if (serial?.tag !== tags.integer) throw new RangeError("no serial number");
    const reason = said === undefined ? "unspecified" : reasonOf(said.whole);
    if (reason === undefined) return err("an entry of the list has a critical extension");
    revoked.set(serialText(serial.content), { at: readTime(at), reason });
  }
  return ok(revoked);
}

/** Undefined where an extension of an entry is critical: it may be another issuer's (§5.3.3). */
function reasonOf(bytes: Bytes): string | undefined {
  const read = decodeBer(bytes);
  const entries: readonly BerElement[] = read.ok ? read.value.children : [];
  let reason = "unspecified";
  for (const { bytes: all, start, end, children } of entries) {
    if (children.length > 2) return undefined; // Only what is critical says whether it is, in DER.
    const id = Buffer.from(reasonId);
    if (!id.equals(all.subarray(start, Math.min(end, start + id.length)))) continue;
    const value = contentOf(children[1], tags.octetString);
    const coded = value && decodeBer(value);
    const code = coded?.ok === true ? contentOf(coded.value, tags.enumerated)?.[0] : undefined;
    reason = CRLReasons[code ?? CRLReasons.unspecified] ?? "unspecified";
  }
  return reason;
}

/** As OpenSSL prints it and so `serialOf`: without the octet of nought that keeps it positive. */
export function serialText(bytes: Bytes): string {
  const isPadded = bytes.length > 1 && bytes[0] === 0;
  return encodeHex(isPadded ? bytes.subarray(1) : bytes);
}

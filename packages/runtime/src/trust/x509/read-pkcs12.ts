import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import {
  EncryptedContentInfo,
  id_data,
  id_encryptedData,
  type EncryptedContent,
} from "@peculiar/asn1-cms";
import {
  AuthenticatedSafe,
  CertBag,
  id_certBag,
  id_keyBag,
  id_pkcs8ShroudedKeyBag,
  id_x509Certificate,
  PFX,
  SafeContents,
  type SafeBag,
} from "@peculiar/asn1-pfx";
import { EncryptedPrivateKeyInfo } from "@peculiar/asn1-pkcs8";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import { concat, type Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { decodeBer } from "@gridward/core/codec/ber";
import { decryptPbe, type DecryptRefusal } from "./decrypt-pbe.ts";
import { readCertificate } from "./read.ts";

/** Certificates and private keys, in the order of a file. */
export interface KeysAndCertificates {
  readonly certificates: readonly X509Certificate[];
  readonly keys: readonly KeyObject[];
}

export type Pkcs12Refusal = DecryptRefusal | "not PKCS#12" | "too many parts";

type Part = AuthenticatedSafe[number];

/** Each encrypted part costs its rounds. */
const partsMax = 8;
const bagsMax = 64;

/**
 * Everything in a PKCS#12 file (RFC 7292). Its MAC is not looked at: it protects nothing that the
 * certificate does not prove of its key, and its issuer of the certificate.
 */
export async function readPkcs12(
  der: Bytes,
  passphrase: Secret<string>,
): Promise<Result<KeysAndCertificates, Pkcs12Refusal>> {
  const parts = readParts(der);
  if (parts === undefined) return err("not PKCS#12");
  if (parts.length > partsMax) return err("too many parts");
  const bags: SafeBag[] = [];
  for (const part of parts) {
    const opened = await openPart(part, passphrase);
    if (!opened.ok) return opened;
    bags.push(...opened.value);
  }
  if (bags.length > bagsMax) return err("too many parts");
  return readBags(bags, passphrase);
}

function readParts(der: Bytes): readonly Part[] | undefined {
  try {
    const { authSafe } = AsnConvert.parse(new Uint8Array(der), PFX);
    if (authSafe.contentType !== id_data) return undefined;
    return AsnConvert.parse(octetsOf(authSafe), AuthenticatedSafe);
  } catch {
    return undefined;
  }
}

function octetsOf({ content }: Part): Uint8Array<ArrayBuffer> {
  return new Uint8Array(AsnConvert.parse(content, OctetString).buffer);
}

async function openPart(
  part: Part,
  passphrase: Secret<string>,
): Promise<Result<readonly SafeBag[], Pkcs12Refusal>> {
  if (part.contentType === id_data) return readContents(() => octetsOf(part), "not PKCS#12");
  if (part.contentType !== id_encryptedData) return err("unsupported");
  const closed = readClosed(new Uint8Array(part.content));
  if (closed === undefined) return err("not PKCS#12");
  const { contentEncryptionAlgorithm, encryptedContent } = closed;
  const bytes = encryptedOf(encryptedContent);
  const opened = await decryptPbe(contentEncryptionAlgorithm, bytes, passphrase);
  if (!opened.ok) return opened;
  // A wrong key can leave a right padding, once in 256 times.
  return readContents(() => new Uint8Array(opened.value), "wrong passphrase");
}

/** EncryptedData (RFC 5652 §8) is a version and this. */
function readClosed(data: Uint8Array<ArrayBuffer>): EncryptedContentInfo | undefined {
  const decoded = decodeBer(data);
  const [version, closed] = decoded.ok ? decoded.value.children : [];
  if (version === undefined || closed === undefined) return undefined;
  try {
    return AsnConvert.parse(data.slice(version.end, closed.end), EncryptedContentInfo);
  } catch {
    return undefined;
  }
}

function encryptedOf(content: EncryptedContent | undefined): Bytes {
  const pieces = content?.constructedValue ?? (content?.value ? [content.value] : []);
  return concat(pieces.map(({ buffer }) => new Uint8Array(buffer)));
}

function readContents(
  bytes: () => Uint8Array<ArrayBuffer>,
  failure: Pkcs12Refusal,
): Result<readonly SafeBag[], Pkcs12Refusal> {
  try {
    return ok(AsnConvert.parse(bytes(), SafeContents));
  } catch {
    return err(failure);
  }
}

async function readBags(
  bags: readonly SafeBag[],
  passphrase: Secret<string>,
): Promise<Result<KeysAndCertificates, Pkcs12Refusal>> {
  const certificates: X509Certificate[] = [];
  const keys: KeyObject[] = [];
  for (const { bagId, bagValue } of bags) {
    if (bagId === id_certBag) {
      const certificate = certificateOf(bagValue);
      if (certificate === undefined) return err("not PKCS#12");
      certificates.push(certificate);
    } else if (bagId === id_keyBag || bagId === id_pkcs8ShroudedKeyBag) {
      if (keys.length === partsMax) return err("too many parts");
      const key =
        bagId === id_keyBag
          ? readKey(new Uint8Array(bagValue), "not PKCS#12")
          : await openKey(new Uint8Array(bagValue), passphrase);
      if (!key.ok) return key;
      keys.push(key.value);
    }
  }
  return ok({ certificates, keys });
}

function certificateOf(bag: ArrayBuffer): X509Certificate | undefined {
  try {
    const { certId, certValue } = AsnConvert.parse(bag, CertBag);
    if (certId !== id_x509Certificate) return undefined;
    return readCertificate(new Uint8Array(AsnConvert.parse(certValue, OctetString).buffer));
  } catch {
    return undefined;
  }
}

/** An encrypted PKCS#8 key (RFC 5208 §6), DER. */
export async function openKey(
  der: Uint8Array<ArrayBuffer>,
  passphrase: Secret<string>,
): Promise<Result<KeyObject, Pkcs12Refusal>> {
  let closed;
  try {
    closed = AsnConvert.parse(der, EncryptedPrivateKeyInfo);
  } catch {
    return err("not PKCS#12");
  }
  const { encryptionAlgorithm, encryptedData } = closed;
  const bytes = new Uint8Array(encryptedData.buffer);
  const opened = await decryptPbe(encryptionAlgorithm, bytes, passphrase);
  return opened.ok ? readKey(opened.value, "wrong passphrase") : opened;
}

function readKey(der: Bytes, failure: Pkcs12Refusal): Result<KeyObject, Pkcs12Refusal> {
  try {
    return ok(createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" }));
  } catch {
    return err(failure);
  }
}

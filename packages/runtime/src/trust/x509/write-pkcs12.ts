import { createHash, createHmac, type KeyObject, type X509Certificate } from "node:crypto";
import {
  ContentInfo,
  EncryptedContent,
  EncryptedContentInfo,
  id_data,
  id_encryptedData,
} from "@peculiar/asn1-cms";
import {
  AuthenticatedSafe,
  CertBag,
  id_certBag,
  id_pkcs8ShroudedKeyBag,
  id_x509Certificate,
  MacData,
  PFX,
  PKCS12Attribute,
  SafeBag,
  SafeContents,
} from "@peculiar/asn1-pfx";
import { EncryptedData, EncryptedPrivateKeyInfo } from "@peculiar/asn1-pkcs8";
import { DigestInfo } from "@peculiar/asn1-rsa";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import type { Bytes } from "@gridward/core/base/bytes";
import type { Secret } from "@gridward/core/base/secret";
import { berTags, encodeBer, encodeBerInteger } from "@gridward/core/codec/ber";
import { randomBytes } from "../../os/random.ts";
import { exactBuffer } from "./certificate.ts";
import { derivePkcs12 } from "./derive-pkcs12.ts";
import { encryptPbe } from "./encrypt-pbe.ts";
import { objectIds } from "./object-ids.ts";

/** A private key with its certificate and those above it. */
export interface KeyAndChain {
  readonly name: string;
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
  readonly chain: readonly X509Certificate[];
}

/** Rounds of the MAC's key: made on the main thread, so fewer than those that close the key. */
const macRounds = 20_000;
const bmpString = 0x1e;

/**
 * A PKCS#12 file (RFC 7292): certificates and key closed with AES-256, the MAC with SHA-256. The
 * password must be ASCII: of other characters programs make different bytes.
 */
export async function writePkcs12(
  { name, key, certificate, chain }: KeyAndChain,
  password: Secret<string>,
): Promise<Bytes> {
  const attributes = [
    attribute(objectIds.friendlyName, bmp(name)),
    attribute(
      objectIds.localKeyId,
      encodeBer(berTags.octetString, createHash("sha256").update(certificate.raw).digest()),
    ),
  ];
  const certificates = new SafeContents([
    certificateBag(certificate, attributes),
    ...chain.map((each) => certificateBag(each)),
  ]);
  const keys = new SafeContents([await keyBag(key, attributes, password)]);
  const parts = [await closedPart(certificates, password), plainPart(keys)];
  const content = AsnConvert.serialize(new AuthenticatedSafe(parts));
  const file = new PFX({
    version: 3,
    authSafe: inOctets(content),
    macData: macOf(content, password),
  });
  return new Uint8Array(AsnConvert.serialize(file));
}

function certificateBag({ raw }: X509Certificate, bagAttributes?: PKCS12Attribute[]): SafeBag {
  const certValue = AsnConvert.serialize(new OctetString(raw));
  return new SafeBag({
    bagId: id_certBag,
    bagValue: AsnConvert.serialize(new CertBag({ certId: id_x509Certificate, certValue })),
    ...(bagAttributes === undefined ? {} : { bagAttributes }),
  });
}

async function keyBag(
  key: KeyObject,
  bagAttributes: PKCS12Attribute[],
  password: Secret<string>,
): Promise<SafeBag> {
  const bagValue = exactBuffer(await encryptKey(key, password));
  return new SafeBag({ bagId: id_pkcs8ShroudedKeyBag, bagValue, bagAttributes });
}

/** EncryptedPrivateKeyInfo (RFC 5958 §3), DER. */
async function encryptKey(key: KeyObject, password: Secret<string>): Promise<Bytes> {
  const plain = key.export({ type: "pkcs8", format: "der" });
  const { algorithm, encrypted } = await encryptPbe(plain, password);
  const closed = new EncryptedPrivateKeyInfo({
    encryptionAlgorithm: algorithm,
    encryptedData: new EncryptedData(encrypted),
  });
  return new Uint8Array(AsnConvert.serialize(closed));
}

/** As a PEM file holds it: closed under a password. */
export async function encryptedKeyPem(key: KeyObject, password: Secret<string>): Promise<string> {
  const lines = Buffer.from(await encryptKey(key, password))
    .toString("base64")
    .replaceAll(/.{1,64}/g, "$&\n");
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${lines}-----END ENCRYPTED PRIVATE KEY-----\n`;
}

function plainPart(contents: SafeContents): ContentInfo {
  return inOctets(AsnConvert.serialize(contents));
}

function inOctets(bytes: ArrayBuffer): ContentInfo {
  const content = AsnConvert.serialize(new OctetString(bytes));
  return new ContentInfo({ contentType: id_data, content });
}

/** EncryptedData (RFC 5652 §8): a version and what is encrypted. */
async function closedPart(contents: SafeContents, password: Secret<string>): Promise<ContentInfo> {
  const plain = new Uint8Array(AsnConvert.serialize(contents));
  const { algorithm, encrypted } = await encryptPbe(plain, password);
  const content = new EncryptedContentInfo({
    contentType: id_data,
    contentEncryptionAlgorithm: algorithm,
    encryptedContent: new EncryptedContent({ value: new OctetString(encrypted) }),
  });
  const closed = encodeBer(
    berTags.sequence,
    encodeBerInteger(berTags.integer, 0),
    new Uint8Array(AsnConvert.serialize(content)),
  );
  return new ContentInfo({ contentType: id_encryptedData, content: closed.buffer });
}

function macOf(content: ArrayBuffer, passphrase: Secret<string>): MacData {
  const salt = randomBytes(16);
  const order = { digest: "sha256", purpose: 3, length: 32, salt, rounds: macRounds } as const;
  const mac = createHmac("sha256", derivePkcs12({ ...order, passphrase }))
    .update(new Uint8Array(content))
    .digest();
  const digestAlgorithm = new AlgorithmIdentifier({
    algorithm: objectIds.sha256,
    parameters: null,
  });
  return new MacData({
    mac: new DigestInfo({ digestAlgorithm, digest: new OctetString(mac) }),
    macSalt: new OctetString(salt),
    iterations: macRounds,
  });
}

function attribute(attrId: string, value: Bytes): PKCS12Attribute {
  // The library's constructor drops what it is given (2.11.1).
  return Object.assign(new PKCS12Attribute(), { attrId, attrValues: [exactBuffer(value)] });
}

function bmp(text: string): Bytes {
  return encodeBer(bmpString, Buffer.from(text, "utf16le").swap16());
}

import { createDecipheriv, pbkdf2 } from "node:crypto";
import type { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import { encodeHex, type Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { contentOf, decodeBer, integerOf, type BerElement } from "@gridward/core/codec/ber";
import { derivePkcs12 } from "./derive-pkcs12.ts";

/** Why something encrypted under a passphrase stays closed. */
export type DecryptRefusal = "unsupported" | "wrong passphrase";

/** More rounds are not computed: a file could ask for days of them. */
const roundsMax = { pbkdf2: 2_000_000, pkcs12: 50_000 } as const;

const pbes2 = "1.2.840.113549.1.5.13";
const pbeSha1TripleDes = "1.2.840.113549.1.12.1.3";

/**
 * Opens what PBES2 (RFC 8018: PBKDF2 with AES or triple DES) or the older scheme of PKCS#12 with
 * triple DES closed. RC2 and RC4 are refused: OpenSSL 3 has given them up.
 */
export async function decryptPbe(
  { algorithm, parameters }: AlgorithmIdentifier,
  encrypted: Bytes,
  passphrase: Secret<string>,
): Promise<Result<Bytes, DecryptRefusal>> {
  const decoded = parameters ? decodeBer(new Uint8Array(parameters)) : undefined;
  if (decoded?.ok !== true) return err("unsupported");
  const keyed = await keyOf(algorithm, decoded.value, passphrase);
  if (keyed === undefined) return err("unsupported");
  try {
    const decipher = createDecipheriv(keyed.cipher, keyed.key, keyed.iv);
    return ok(Buffer.concat([decipher.update(encrypted), decipher.final()]));
  } catch {
    // The padding is wrong, so the key is.
    return err("wrong passphrase");
  }
}

interface Keyed {
  readonly cipher: string;
  readonly key: Bytes;
  readonly iv: Bytes;
}

const pbkdf2Id = "2a864886f70d01050c";
const digests: ReadonlyMap<string, string> = new Map([
  ["2a864886f70d0207", "sha1"],
  ["2a864886f70d0209", "sha256"],
  ["2a864886f70d020a", "sha384"],
  ["2a864886f70d020b", "sha512"],
]);
const ciphers: ReadonlyMap<string, { readonly name: string; readonly bytes: number }> = new Map([
  ["608648016503040102", { name: "aes-128-cbc", bytes: 16 }],
  ["608648016503040116", { name: "aes-192-cbc", bytes: 24 }],
  ["60864801650304012a", { name: "aes-256-cbc", bytes: 32 }],
  ["2a864886f70d0307", { name: "des-ede3-cbc", bytes: 24 }],
]);

async function keyOf(
  algorithm: string,
  parameters: BerElement,
  passphrase: Secret<string>,
): Promise<Keyed | undefined> {
  if (algorithm === pbes2) return keyOfPbes2(parameters, passphrase);
  return algorithm === pbeSha1TripleDes ? keyOfPkcs12(parameters, passphrase) : undefined;
}

/** PBES2-params (RFC 8018 appendix A.4). */
async function keyOfPbes2(
  { children: [derivation, encryption] }: BerElement,
  passphrase: Secret<string>,
): Promise<Keyed | undefined> {
  const asked = readDerivation(derivation);
  const cipher = ciphers.get(objectIdOf(encryption?.children[0]));
  const iv = contentOf(encryption?.children[1], octetString);
  if (asked === undefined || cipher === undefined || iv === undefined) return undefined;
  const { salt, rounds, digest } = asked;
  const key = await derivePbkdf2({ passphrase, salt, rounds, length: cipher.bytes, digest });
  return { cipher: cipher.name, key, iv };
}

/** PBKDF2 off the main thread. */
export async function derivePbkdf2(order: {
  readonly passphrase: Secret<string>;
  readonly salt: Bytes;
  readonly rounds: number;
  readonly length: number;
  readonly digest: string;
}): Promise<Bytes> {
  const { passphrase, salt, rounds, length, digest } = order;
  const { promise, resolve, reject } = Promise.withResolvers<Bytes>();
  pbkdf2(passphrase.reveal(), salt, rounds, length, digest, (error, key) => {
    if (error === null) resolve(key);
    else reject(error);
  });
  return promise;
}

/** PBKDF2-params (A.2). */
function readDerivation(
  derivation: BerElement | undefined,
): { readonly salt: Bytes; readonly rounds: number; readonly digest: string } | undefined {
  if (objectIdOf(derivation?.children[0]) !== pbkdf2Id) return undefined;
  const [salt, rounds, ...rest] = derivation?.children[1]?.children ?? [];
  const saltBytes = contentOf(salt, octetString);
  const count = roundsOf(rounds, roundsMax.pbkdf2);
  const prf = rest.find(({ tag }) => tag === sequence)?.children[0];
  const digest = prf === undefined ? "sha1" : digests.get(objectIdOf(prf));
  if (saltBytes === undefined || digest === undefined || count === undefined) return undefined;
  return { salt: saltBytes, rounds: count, digest };
}

function roundsOf(element: BerElement | undefined, most: number): number | undefined {
  const count = integerOf(element, integer);
  return count === undefined || count < 1 || count > most ? undefined : count;
}

const octetString = 0x04;
const integer = 0x02;
const sequence = 0x30;

function objectIdOf(element: BerElement | undefined): string {
  return encodeHex(contentOf(element, 0x06) ?? new Uint8Array());
}

/** pkcs-12PbeParams (RFC 7292 appendix C). */
function keyOfPkcs12(
  { children: [salt, rounds] }: BerElement,
  passphrase: Secret<string>,
): Keyed | undefined {
  const saltBytes = contentOf(salt, octetString);
  const count = roundsOf(rounds, roundsMax.pkcs12);
  if (saltBytes === undefined || saltBytes.length === 0 || count === undefined) return undefined;
  const derive = (purpose: number, length: number): Bytes =>
    derivePkcs12({
      digest: "sha1",
      purpose,
      length,
      salt: saltBytes,
      rounds: count,
      passphrase,
    });
  return { cipher: "des-ede3-cbc", key: derive(1, 24), iv: derive(2, 8) };
}

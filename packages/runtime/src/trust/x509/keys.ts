import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";
import { assert } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import type { AuthorityKeyType } from "@gridward/core/domain/authority-key";

/** A fresh P-256 key, for TLS and for the authority. */
export function createTlsKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/** A fresh key of an authority, of the type that its utility wants. */
export async function createAuthorityKey(type: AuthorityKeyType): Promise<KeyObject> {
  switch (type) {
    case "p256":
      return createTlsKey();
    case "p384":
      return generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
    case "rsa3072":
      return createRsaKey();
    case "rsa4096":
      return createRsaKey(4096);
  }
}

/** A fresh RSA key, for what knows no other; takes a second or more, off the main thread. */
export async function createRsaKey(modulusLength = 3072): Promise<KeyObject> {
  const { promise, resolve, reject } = Promise.withResolvers<KeyObject>();
  generateKeyPair("rsa", { modulusLength }, (error, _, key) => {
    if (error === null) resolve(key);
    else reject(error);
  });
  return promise;
}

/** A fresh Ed25519 key: pairing identity, or signer of replicas. */
export function createSigningKey(): KeyObject {
  return generateKeyPairSync("ed25519").privateKey;
}

/** PKCS#8 in PEM, as our key files hold it. */
export function keyToPem(key: KeyObject): Secret<string> {
  return new Secret(key.export({ type: "pkcs8", format: "pem" }).toString());
}

/** Throws on anything but a private key: key files are ours, a broken one is a fault. */
export function keyFromPem(pem: Secret<string>): KeyObject {
  return createPrivateKey(pem.reveal());
}

/** SubjectPublicKeyInfo of a private or public key, DER. */
export function publicKeyDer(key: KeyObject): Bytes {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return publicKey.export({ type: "spki", format: "der" });
}

/** The 32 raw bytes of an Ed25519 public key in base64url, as ServerRow.pairingKey holds it. */
export function pairingKeyText(key: KeyObject): string {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const { x, crv } = publicKey.export({ format: "jwk" });
  assert(crv === "Ed25519" && x !== undefined, "a pairing key is an Ed25519 key");
  return x;
}

/** The public key of a pairing key's text, or undefined where the text is no such key. */
export function pairingKeyFromText(text: string): KeyObject | undefined {
  if (!/^[A-Za-z0-9_-]{43}$/.test(text)) return undefined;
  try {
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: text }, format: "jwk" });
  } catch {
    return undefined;
  }
}

/** Whether a key from outside is one that we certify for TLS, or why not. */
export function weaknessOf(key: KeyObject): string | undefined {
  const kind = key.asymmetricKeyType;
  const details = key.asymmetricKeyDetails;
  if (kind === "ed25519") return undefined;
  if (kind === "rsa") {
    return (details?.modulusLength ?? 0) >= rsaBitsMin ? undefined : "an RSA key below 2048 bits";
  }
  if (kind === "ec") {
    const curve = details?.namedCurve ?? "unnamed";
    return curves.has(curve) ? undefined : `the curve ${curve}`;
  }
  return `a key of type ${kind ?? "unknown"}`;
}

/** Shortest RSA key that counts, in bits. */
export const rsaBitsMin = 2048;
const curves: ReadonlySet<string> = new Set(["prime256v1", "secp384r1"]);

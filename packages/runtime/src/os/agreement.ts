import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";

/** One side of an X25519 agreement (RFC 7748), made for one use. */
export interface AgreementKey {
  readonly key: KeyObject;
  /** The public half as its 32 bytes in base64url. */
  readonly text: string;
}

export function freshAgreementKey(): AgreementKey {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  return { key: privateKey, text: publicKey.export({ format: "jwk" }).x ?? "" };
}

/** What both sides compute, to derive a key from; `peer` is the other side's public half. */
export function agree(own: KeyObject, peer: string): Result<Bytes, "not a key"> {
  try {
    const jwk = { kty: "OKP", crv: "X25519", x: peer };
    const publicKey = createPublicKey({ key: jwk, format: "jwk" });
    return ok(diffieHellman({ privateKey: own, publicKey }));
  } catch {
    return err("not a key"); // Also a point of small order: OpenSSL refuses the zero result.
  }
}

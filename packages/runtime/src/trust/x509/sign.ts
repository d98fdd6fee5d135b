import { sign, type KeyObject } from "node:crypto";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import type { Bytes } from "@gridward/core/base/bytes";
import { objectIds } from "./object-ids.ts";

/** How a key of ours signs: SHA-384 with P-384, which is as strong; SHA-256 with all else. */
export function signatureAlgorithm(key: KeyObject): AlgorithmIdentifier {
  if (key.asymmetricKeyType === "rsa") {
    // RFC 4055 §5: NULL, not absent as with the others.
    return new AlgorithmIdentifier({ algorithm: objectIds.rsaWithSha256, parameters: null });
  }
  if (isEdwards(key)) return new AlgorithmIdentifier({ algorithm: objectIds.ed25519 });
  const algorithm = isP384(key) ? objectIds.ecdsaWithSha384 : objectIds.ecdsaWithSha256;
  return new AlgorithmIdentifier({ algorithm });
}

/** A signature as `signatureAlgorithm` names it. */
export function signBytes(bytes: Bytes, key: KeyObject): Bytes {
  if (isEdwards(key)) return sign(null, bytes, key);
  return sign(isP384(key) ? "sha384" : "sha256", bytes, key);
}

function isEdwards(key: KeyObject): boolean {
  return key.asymmetricKeyType === "ed25519";
}

function isP384(key: KeyObject): boolean {
  return key.asymmetricKeyDetails?.namedCurve === "secp384r1";
}

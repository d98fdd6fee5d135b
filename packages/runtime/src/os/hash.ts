import { createHmac, createSecretKey, hash, timingSafeEqual } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";

/** SHA-256 of the platform, for the pure code that takes a `Sha256`; a text counts as its UTF-8. */
export function sha256(content: Bytes | string): Bytes {
  // By way of text: Node takes half as long again for a buffer of its own.
  return Buffer.from(hash("sha256", content, "hex"), "hex");
}

/** HMAC-SHA-256. */
export function hmacSha256(key: Bytes, bytes: Bytes): Bytes {
  return createHmac("sha256", key).update(bytes).digest();
}

/** HMAC-SHA-256 with one key for many: Node makes a key object of raw bytes at every single use. */
export function hmacSha256With(key: Bytes): (bytes: Bytes) => Bytes {
  const kept = createSecretKey(key);
  return (bytes) => createHmac("sha256", kept).update(bytes).digest();
}

/** Compares secrets in a time that does not tell where they differ. */
export function sameSecret(left: Bytes, right: Bytes): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

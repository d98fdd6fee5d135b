import { createHmac, hash, timingSafeEqual } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";

/** SHA-256 of the platform, for the pure code that takes a `Sha256`. */
export function sha256(bytes: Bytes): Bytes {
  return hash("sha256", bytes, "buffer");
}

/** HMAC-SHA-256. */
export function hmacSha256(key: Bytes, bytes: Bytes): Bytes {
  return createHmac("sha256", key).update(bytes).digest();
}

/** Compares secrets in a time that does not tell where they differ. */
export function sameSecret(left: Bytes, right: Bytes): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

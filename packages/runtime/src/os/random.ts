import { randomBytes as nodeRandomBytes, randomFillSync } from "node:crypto";
import { requestId, type RequestId } from "@gridward/core/base/identity";

/** Digits of Crockford's base 32: no I, L, O, U, so an id can be read out over the telephone. */
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Fresh bytes from the operating system. */
export function randomBytes(length: number): Uint8Array {
  return new Uint8Array(nodeRandomBytes(length));
}

const idBytes = 16;

/** Random bytes of ids to come, and how many of them are used: one system call for many ids. */
const idPool = new Uint8Array(256 * idBytes);
let idPoolUsed = idPool.length;

/** A fresh id: 128 random bits as 26 characters of Crockford's base 32. */
export function freshId(): string {
  if (idPoolUsed === idPool.length) {
    randomFillSync(idPool);
    idPoolUsed = 0;
  }
  const fresh = idPool.subarray(idPoolUsed, idPoolUsed + idBytes);
  idPoolUsed += idBytes;
  let text = "";
  let bits = 0;
  let held = 2; // Two bits of nought before the 128, so that they make 26 digits.
  for (const byte of fresh) {
    bits = (bits << 8) | byte;
    held += 8;
    for (; held >= 5; held -= 5) text += crockford.charAt((bits >> (held - 5)) & 31);
    bits &= (1 << held) - 1;
  }
  return text;
}

export function freshRequestId(): RequestId {
  return requestId(freshId());
}

/** A number in [0, 1), for spreading retries; never for secrets. */
export function randomFraction(): number {
  return Math.random();
}

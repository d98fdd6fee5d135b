import { randomBytes as nodeRandomBytes } from "node:crypto";
import { requestId, type RequestId } from "@gridward/core/base/identity";

/** Digits of Crockford's base 32: no I, L, O, U, so an id can be read out over the telephone. */
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Fresh bytes from the operating system. */
export function randomBytes(length: number): Uint8Array {
  return new Uint8Array(nodeRandomBytes(length));
}

/** A fresh id: 128 random bits as 26 characters of Crockford's base 32. */
export function freshId(): string {
  let value = BigInt(`0x${nodeRandomBytes(16).toString("hex")}`);
  let text = "";
  for (let digit = 0; digit < 26; digit++) {
    text = crockford.charAt(Number(value & 31n)) + text;
    value >>= 5n;
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

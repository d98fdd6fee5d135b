import { createHash } from "node:crypto";
import { concat, type Bytes } from "@gridward/core/base/bytes";
import type { Secret } from "@gridward/core/base/secret";

/** Of SHA-1 and of SHA-256. */
const blockBytes = 64;

/** RFC 7292 appendix B.2: 1 makes a key, 2 an initial vector, 3 a key for the MAC. */
export function derivePkcs12(order: {
  readonly digest: "sha1" | "sha256";
  readonly purpose: number;
  readonly length: number;
  readonly salt: Bytes;
  readonly rounds: number;
  readonly passphrase: Secret<string>;
}): Bytes {
  // A BMPString with its terminator, of UTF-16 code units, most significant octet first.
  const password = Buffer.from(`${order.passphrase.reveal()}\0`, "utf16le").swap16();
  const filled = concat([repeated(order.salt), repeated(password)]);
  const purpose = new Uint8Array(blockBytes).fill(order.purpose);
  const derived: Bytes[] = [];
  for (let made = 0; made < order.length;) {
    let hash: Bytes = concat([purpose, filled]);
    for (let round = 0; round < order.rounds; round++) {
      hash = createHash(order.digest).update(hash).digest();
    }
    derived.push(hash);
    made += hash.length;
    for (let block = 0; block < filled.length; block += blockBytes) addBlock(filled, block, hash);
  }
  return concat(derived).subarray(0, order.length);
}

/** As often as needed to fill whole blocks. */
function repeated(bytes: Bytes): Bytes {
  const length = blockBytes * Math.ceil(bytes.length / blockBytes);
  return Uint8Array.from({ length }, (_, index) => bytes[index % bytes.length] ?? 0);
}

/** Adds the repeated hash and one to a block, as numbers of 512 bits. */
function addBlock(filled: Uint8Array, block: number, hash: Bytes): void {
  let carry = 1;
  for (let index = blockBytes - 1; index >= 0; index--) {
    const sum = (filled[block + index] ?? 0) + (hash[index % hash.length] ?? 0) + carry;
    filled[block + index] = sum & 0xff;
    carry = sum >> 8;
  }
}

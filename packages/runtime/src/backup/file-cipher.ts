import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject } from "node:crypto";
import { concat, lengthPrefixed, utf8, type Bytes } from "@gridward/core/base/bytes";
import { assert, err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { chunkTagBytes } from "@gridward/core/codec/backup/frame";
import { agree, type AgreementKey } from "../os/agreement.ts";
import { sha256 } from "../os/hash.ts";
import type { RecoveryKey } from "../os/recovery-key.ts";

/**
 * Chunks of one file, sealed one by one (ADR 16): AES-256-GCM under a key of this file alone, the
 * nonce being the number of the chunk and whether it is the last, so that none can be left out,
 * moved or added. The header is bound into the key.
 */
const cipher = "aes-256-gcm";
/** Above it the number of a chunk would not fit: 256 TiB. */
const chunksMost = 2 ** 32 - 1;

export type FileCipher = Secret<Bytes>;

/** As whoever writes: `file` is made for it, `recovery` the public key to which it is sealed. */
export function cipherToSeal(
  file: AgreementKey,
  recovery: string,
  header: Bytes,
): Result<FileCipher, "not a key"> {
  return derive(file.key, recovery, [utf8(file.text), utf8(recovery), sha256(header)]);
}

/** As whoever opens. */
export function cipherToOpen(
  recovery: RecoveryKey,
  fileKey: string,
  header: Bytes,
): Result<FileCipher, "not a key"> {
  const parts = [utf8(fileKey), utf8(recovery.publicKey), sha256(header)];
  return derive(recovery.key, fileKey, parts);
}

export interface ChunkPlace {
  readonly index: number;
  readonly isLast: boolean;
}

export function sealChunk(key: FileCipher, place: ChunkPlace, text: Bytes): Bytes {
  const encrypt = createCipheriv(cipher, key.reveal(), nonceOf(place));
  return concat([encrypt.update(text), encrypt.final(), encrypt.getAuthTag()]);
}

export function openChunk(
  key: FileCipher,
  place: ChunkPlace,
  sealed: Bytes,
): Result<Bytes, "altered"> {
  if (sealed.length < chunkTagBytes || place.index > chunksMost) return err("altered");
  const end = sealed.length - chunkTagBytes;
  const decrypt = createDecipheriv(cipher, key.reveal(), nonceOf(place), {
    authTagLength: chunkTagBytes,
  });
  decrypt.setAuthTag(sealed.subarray(end));
  try {
    return ok(concat([decrypt.update(sealed.subarray(0, end)), decrypt.final()]));
  } catch {
    return err("altered");
  }
}

function nonceOf({ index, isLast }: ChunkPlace): Bytes {
  assert(index <= chunksMost, "a file has fewer chunks than 32 bits count");
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(7, index);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

function derive(
  own: KeyObject,
  peer: string,
  parts: readonly Bytes[],
): Result<FileCipher, "not a key"> {
  const shared = agree(own, peer);
  if (!shared.ok) return shared;
  const purpose = lengthPrefixed([utf8("gridward backup 1"), ...parts]);
  const key = hkdfSync("sha256", shared.value, new Uint8Array(), purpose, 32);
  return ok(new Secret<Bytes>(new Uint8Array(key)));
}

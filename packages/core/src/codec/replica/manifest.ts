import * as z from "zod";
import { encodeHex, utf8, type Bytes } from "../../base/bytes.ts";
import { canonical } from "../../base/canonical.ts";
import type { Sha256 } from "../../base/digest.ts";
import { accountsMax } from "./limits.ts";
import { counter, hexHash, idText, instant, type ReplicaRecord } from "./record.ts";

const condition = {
  duty: z.enum(["main", "standby", "lone"]),
  /** False on a Standby that has not heard its Main within 4 s. */
  fresh: z.boolean(),
};

const position = {
  /** Rises with each change of Main. */
  term: counter,
  /** Server that owns the term: two owners of one term must never both be believed. */
  owner: idText,
};

/** What a group's replica consists of, signed. A device believes no account without it. */
export const manifest = z
  .strictObject({
    systemId: idText,
    group: idText,
    ...position,
    /** Sequence number of the committed state that the set was projected from. */
    rev: counter,
    /** Hash of the manifest this signer issued before for the group, null at its first. */
    prevManifestHash: hexHash.nullable(),
    count: z.int().min(0).max(accountsMax),
    setDigest: hexHash,
    policy: z
      .strictObject({
        /** Milliseconds without word from a server after which the replica is old: a warning. */
        softAge: counter,
        /** … after which it admits nobody. */
        hardAge: counter,
      })
      .readonly(),
    issuedAt: instant,
    /** Milliseconds from the last statement that names it; equal to the hard age. */
    validFor: counter,
  })
  .readonly();

export type Manifest = z.infer<typeof manifest>;

/**
 * A server's word about itself, bound to the device's nonce: only a live server that knows the
 * set as current can make it, so a replayed manifest renews nothing (freeze attack).
 */
export const statement = z
  .strictObject({
    systemId: idText,
    node: idText,
    device: idText,
    ...condition,
    ...position,
    start: counter,
    seq: counter,
    /** Of the order to replicate to this device, which this answer obeys. */
    replicationRevision: counter,
    nonce: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
    manifestHash: hexHash,
    at: instant,
  })
  .readonly();

export type Statement = z.infer<typeof statement>;

/** The server's order to keep no replica (DV3). The higher revision wins over any other order. */
export const eraseOrder = z
  .strictObject({
    systemId: idText,
    device: idText,
    ...condition,
    term: counter,
    revision: counter,
    nonce: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
    at: instant,
  })
  .readonly();

export type EraseOrder = z.infer<typeof eraseOrder>;

const proof = {
  /** Ed25519 over `signedBytes`, base64url. */
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
  /** DER of the replica signer's certificate, base64url. */
  signer: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .max(8_192),
};

export const signedManifest = z.strictObject({ body: manifest, ...proof }).readonly();
export const signedStatement = z.strictObject({ body: statement, ...proof }).readonly();
export const signedErase = z.strictObject({ body: eraseOrder, ...proof }).readonly();

/** A body with its signature and the certificate of who signed it. */
export interface Signed<Body> {
  readonly body: Body;
  readonly signature: string;
  readonly signer: string;
}

/** What a signature is for: one made for a statement can never stand under a manifest. */
export type SignedKind = "manifest" | "statement" | "erase";

/** The one byte string that is signed and hashed: kind, line feed, canonical JSON. */
export function signedBytes(kind: SignedKind, body: Manifest | Statement | EraseOrder): Bytes {
  return utf8(`gridward-replica-${kind}/1\n${canonical(body)}`);
}

export function manifestHash(sha256: Sha256, body: Manifest): string {
  return encodeHex(sha256(signedBytes("manifest", body)));
}

/**
 * Digest of a set of records: SHA-256 over the sorted list of account id, record hash and
 * credential version. The same for the same set, whatever the order in which it came.
 */
export function setDigest(sha256: Sha256, records: readonly ReplicaRecord[]): string {
  const lines = records.map((record) => {
    const recordHash = encodeHex(sha256(utf8(canonical(record))));
    return `${record.id} ${recordHash} ${record.credentialVersion}\n`;
  });
  lines.sort();
  return encodeHex(sha256(utf8(lines.join(""))));
}

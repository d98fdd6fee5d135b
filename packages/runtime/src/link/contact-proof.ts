import { sign, verify, type KeyObject } from "node:crypto";
import { lengthPrefixed, utf8, type Bytes } from "@gridward/core/base/bytes";
import type { Secret } from "@gridward/core/base/secret";
import { encodeProofSubject } from "@gridward/core/codec/link-message";
import { hmacSha256, sameSecret, sha256 } from "../os/hash.ts";
import { pairingKeyFromText } from "../trust/x509/keys.ts";
import type { UnverifiedPeer } from "./unverified-peer.ts";

/** What is proved at a first contact, and by whom: "acceptor" is the Main, or the witness. */
export interface ContactProof {
  readonly peer: UnverifiedPeer;
  readonly signer: "dialler" | "acceptor";
  readonly acceptorId: string;
  /** Of the acceptor's greeting. The dialling side has said nothing yet: the exporter is its share. */
  readonly nonce: string;
  readonly diallerId: string;
}

/** A signature over this connection and no other, base64url. */
export function signContact(proof: ContactProof, key: KeyObject): string {
  return sign(null, subject(proof), key).toString("base64url");
}

export function verifyContact(proof: ContactProof, pairingKey: string, signature: string): boolean {
  const key = pairingKeyFromText(pairingKey);
  return (
    key !== undefined && verify(null, subject(proof), key, Buffer.from(signature, "base64url"))
  );
}

function subject({ peer, signer, acceptorId, nonce, diallerId }: ContactProof): Bytes {
  const isAcceptor = peer.ownFingerprint !== "";
  return encodeProofSubject({
    protocol: "gridward-diag/1",
    signer,
    diallerId,
    acceptorId,
    diallerNonce: "",
    acceptorNonce: nonce,
    // A first contact has no certificate that would mean anything, so it presents none.
    diallerFingerprint: "",
    acceptorFingerprint: isAcceptor ? peer.ownFingerprint : peer.theirFingerprint,
    exporter: peer.exporter,
  });
}

/** What a code's secret is proved for; a proof for one is void for the other. */
export interface SecretUse {
  readonly purpose: "join" | "witness";
  /** Who proves it. */
  readonly name: string;
  readonly exporter: Bytes;
}

/** The secret itself never goes over the line: this does, and only for this connection. */
export function secretMac(secret: Secret<Bytes>, { purpose, name, exporter }: SecretUse): string {
  const bytes = lengthPrefixed([utf8(`gridward ${purpose} 1`), utf8(name), exporter]);
  return Buffer.from(hmacSha256(secret.reveal(), bytes)).toString("base64url");
}

export function isSecretMac(secret: Secret<Bytes>, use: SecretUse, mac: string): boolean {
  return sameSecret(utf8(secretMac(secret, use)), utf8(mac));
}

/**
 * The part of a pairing key's hash that a code carries: nobody can find another key with the same
 * 128 bits, and the code stays short enough to type.
 */
export function pairingHash(pairingKey: string): Bytes {
  return sha256(Buffer.from(pairingKey, "base64url")).subarray(0, 16);
}

import { sign, verify, type KeyObject } from "node:crypto";
import {
  decodeProof,
  encodeProof,
  encodeProofSubject,
  type ProofFrame,
  type VerdictFrame,
} from "@gridward/core/codec/link-message";
import { isTlsCauseCode, type TlsCauseCode } from "@gridward/core/domain/tls-cause";
import { unverifiedFrameBytesMax, type Protocol } from "./peer.ts";
import type { UnverifiedPeer } from "./unverified-peer.ts";

export interface ProofOrder {
  readonly peer: UnverifiedPeer;
  readonly protocol: Protocol;
  readonly direction: "dial" | "accept";
  readonly pairingKey: KeyObject | null;
  /** Of the server that the peer says it is; undefined if that is no partner of ours. */
  readonly partnerKey: KeyObject | undefined;
  readonly own: VerdictFrame;
  readonly theirs: VerdictFrame;
  /** An objection that came up after our verdict frame had gone. */
  readonly claimCause: TlsCauseCode | undefined;
}

/** How it ended; `isPartner` once the peer proved the pairing key that we know it by. */
export type ProofOutcome =
  | { readonly kind: "proved"; readonly isPartner: true }
  | { readonly kind: "refused"; readonly cause: TlsCauseCode; readonly isPartner: boolean }
  /** It said something else, or something false. */
  | { readonly kind: "unproved"; readonly isPartner: boolean }
  /** The connection ended, or was ended for its slowness: that proves nothing, and belies nothing. */
  | { readonly kind: "ended"; readonly isPartner: boolean };

/**
 * Proof of both pairing keys, over everything that tells this connection from any other. The side
 * that dialled proves first, so that a stranger who dials learns nothing; its last word tells
 * the other that it was believed.
 */
export async function exchangeProofs(order: ProofOrder): Promise<ProofOutcome> {
  const { peer, direction, claimCause } = order;
  if (direction === "dial") sendProof(order);
  const heard = await receiveProof(order);
  if (heard === "ended") return { kind: "ended", isPartner: false };
  const isPartner = heard === "proved";
  if (!isPartner && heard !== "unproved") return { kind: "refused", cause: heard, isPartner };
  if (!isPartner || claimCause !== undefined) {
    peer.send(encodeProof({ v: 1, proof: "refused", cause: claimCause ?? "T16" }));
    return { kind: "unproved", isPartner };
  }
  if (direction === "dial") {
    peer.send(encodeProof({ v: 1, proof: "accepted" }));
    return { kind: "proved", isPartner };
  }
  sendProof(order);
  return lastWord(peer);
}

async function lastWord(peer: UnverifiedPeer): Promise<ProofOutcome> {
  const frame = await receiveFrame(peer);
  if (frame === undefined) return { kind: "ended", isPartner: true };
  if (frame === "foreign" || frame.proof === "signature") {
    return { kind: "unproved", isPartner: true };
  }
  if (frame.proof === "accepted") return { kind: "proved", isPartner: true };
  return { kind: "refused", cause: causeOf(frame.cause), isPartner: true };
}

function sendProof(order: ProofOrder): void {
  const { peer, pairingKey, direction } = order;
  if (pairingKey === null) {
    peer.send(encodeProof({ v: 1, proof: "refused", cause: "T16" }));
    return;
  }
  const signature = sign(null, signedBytes(order, direction), pairingKey).toString("base64url");
  peer.send(encodeProof({ v: 1, proof: "signature", signature }));
}

/** How the first word ended, or the cause for which the peer refuses us. */
async function receiveProof(
  order: ProofOrder,
): Promise<"proved" | "unproved" | "ended" | TlsCauseCode> {
  const frame = await receiveFrame(order.peer);
  if (frame === undefined) return "ended";
  if (frame === "foreign") return "unproved";
  if (frame.proof === "refused") return causeOf(frame.cause);
  if (frame.proof !== "signature" || order.partnerKey === undefined) return "unproved";
  const signed = signedBytes(order, order.direction === "dial" ? "accept" : "dial");
  const signature = Buffer.from(frame.signature, "base64url");
  return verify(null, signed, order.partnerKey, signature) ? "proved" : "unproved";
}

/** Undefined: nothing came, and nothing will. */
async function receiveFrame(peer: UnverifiedPeer): Promise<ProofFrame | "foreign" | undefined> {
  const received = await peer.receive(unverifiedFrameBytesMax);
  if (received === undefined) return peer.isEnded ? undefined : "foreign";
  const decoded = decodeProof(received);
  return decoded.ok ? decoded.value : "foreign";
}

function causeOf(text: string): TlsCauseCode {
  return isTlsCauseCode(text) ? text : "T16";
}

/** Design §6: protocol, direction, ids, nonces, leaf fingerprints and the TLS exporter value. */
function signedBytes(order: ProofOrder, signer: "dial" | "accept"): Uint8Array {
  const { peer, protocol, direction, own, theirs } = order;
  const ours = { id: own.id, nonce: own.nonce, fingerprint: peer.ownFingerprint };
  const other = { id: theirs.id, nonce: theirs.nonce, fingerprint: peer.theirFingerprint };
  const [dialler, acceptor] = direction === "dial" ? [ours, other] : [other, ours];
  return encodeProofSubject({
    protocol,
    signer: signer === "dial" ? "dialler" : "acceptor",
    diallerId: dialler.id,
    acceptorId: acceptor.id,
    diallerNonce: dialler.nonce,
    acceptorNonce: acceptor.nonce,
    diallerFingerprint: dialler.fingerprint,
    acceptorFingerprint: acceptor.fingerprint,
    exporter: peer.exporter,
  });
}

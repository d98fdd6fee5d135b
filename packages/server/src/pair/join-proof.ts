import { sign, verify, type KeyObject } from "node:crypto";
import { lengthPrefixed, utf8, type Bytes } from "@gridward/core/base/bytes";
import type { Secret } from "@gridward/core/base/secret";
import { encodeProofSubject } from "@gridward/core/codec/link-message";
import type { UnverifiedPeer } from "@gridward/runtime/link/unverified-peer";
import { hmacSha256, sameSecret } from "@gridward/runtime/os/hash";
import { pairingKeyFromText } from "@gridward/runtime/trust/x509/keys";

/** What is proved at a first contact, and by whom: "acceptor" is the Main. */
export interface JoinProof {
  readonly peer: UnverifiedPeer;
  readonly signer: "dialler" | "acceptor";
  readonly mainId: string;
  /** Of the Main's greeting. The joining side has said nothing yet: the exporter is its share. */
  readonly nonce: string;
  readonly joiningId: string;
}

/** A signature over this connection and no other, base64url. */
export function signJoin(proof: JoinProof, key: KeyObject): string {
  return sign(null, subject(proof), key).toString("base64url");
}

export function verifyJoin(proof: JoinProof, pairingKey: string, signature: string): boolean {
  const key = pairingKeyFromText(pairingKey);
  return (
    key !== undefined && verify(null, subject(proof), key, Buffer.from(signature, "base64url"))
  );
}

function subject({ peer, signer, mainId, nonce, joiningId }: JoinProof): Bytes {
  const isMain = peer.ownFingerprint !== "";
  return encodeProofSubject({
    protocol: "gridward-diag/1",
    signer,
    diallerId: joiningId,
    acceptorId: mainId,
    diallerNonce: "",
    acceptorNonce: nonce,
    // A joining server has no certificate that would mean anything, so it presents none.
    diallerFingerprint: "",
    acceptorFingerprint: isMain ? peer.ownFingerprint : peer.theirFingerprint,
    exporter: peer.exporter(),
  });
}

/** The secret itself never goes over the line: this does, and only for this connection. */
export function joinMac(secret: Secret<Bytes>, name: string, exporter: Bytes): string {
  const bytes = lengthPrefixed([utf8("gridward join 1"), utf8(name), exporter]);
  return Buffer.from(hmacSha256(secret.reveal(), bytes)).toString("base64url");
}

export function isJoinMac(
  secret: Secret<Bytes>,
  said: { readonly name: string; readonly mac: string },
  exporter: Bytes,
): boolean {
  return sameSecret(utf8(joinMac(secret, said.name, exporter)), utf8(said.mac));
}

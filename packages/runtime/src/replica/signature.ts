import { sign, verify, X509Certificate, type KeyObject } from "node:crypto";
import type { NodeId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import {
  signedBytes,
  type EraseOrder,
  type Manifest,
  type Signed,
  type SignedKind,
  type Statement,
} from "@gridward/core/codec/replica/manifest";
import { parseCertificateUri } from "../trust/x509/names.ts";
import { objectIds } from "../trust/x509/object-ids.ts";

/** A server's own replica signer: an Ed25519 key and its certificate by the system's authority. */
export interface ReplicaSigner {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

export function signBody<Body extends Manifest | Statement | EraseOrder>(
  signer: ReplicaSigner,
  kind: SignedKind,
  body: Body,
): Signed<Body> {
  return {
    body,
    signature: sign(null, signedBytes(kind, body), signer.key).toString("base64url"),
    signer: signer.certificate.raw.toString("base64url"),
  };
}

/**
 * Who signed, if the signature is good and the signer's certificate was issued by the anchor for
 * that purpose. `at` null leaves the certificate's dates unjudged: a replica that was good when it
 * was taken does not go bad with its signer's certificate.
 */
export function checkSigned(
  anchor: X509Certificate,
  kind: SignedKind,
  signed: Signed<Manifest | Statement | EraseOrder>,
  at: Instant | null,
): Result<NodeId, string> {
  const signer = parseSigner(signed.signer);
  if (signer === undefined) return err("the signer's certificate cannot be read");
  if (!signer.checkIssued(anchor) || !signer.verify(anchor.publicKey)) {
    return err("the signer's certificate is not from the authority of this system");
  }
  const isSigner = !signer.ca && signer.keyUsage?.includes(objectIds.replicaSigning) === true;
  if (!isSigner) return err("the signer's certificate is not for replicas");
  if (at !== null && !isWithinDates(signer, at)) {
    return err("the signer's certificate is not within its dates");
  }
  const isGood = verify(
    null,
    signedBytes(kind, signed.body),
    signer.publicKey,
    Buffer.from(signed.signature, "base64url"),
  );
  if (!isGood) return err("the signature is wrong");
  const name = signerName(signer);
  return name === undefined ? err("the signer's certificate names no server") : ok(name);
}

function parseSigner(text: string): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(Buffer.from(text, "base64url"));
    return certificate.publicKey.asymmetricKeyType === "ed25519" ? certificate : undefined;
  } catch {
    return undefined;
  }
}

function isWithinDates(certificate: X509Certificate, at: Instant): boolean {
  return certificate.validFromDate.getTime() <= at && at <= certificate.validToDate.getTime();
}

/** SAN entries as node:crypto shows them: `URI:urn:gridward:server:ID`. */
function signerName(certificate: X509Certificate): NodeId | undefined {
  for (const entry of certificate.subjectAltName?.split(", ") ?? []) {
    if (!entry.startsWith("URI:")) continue;
    const name = parseCertificateUri(entry.slice("URI:".length));
    if (name?.kind === "server") return name.node;
  }
  return undefined;
}

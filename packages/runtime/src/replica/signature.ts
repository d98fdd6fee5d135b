import { sign, verify, type KeyObject, type X509Certificate } from "node:crypto";
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
import { objectIds } from "../trust/x509/object-ids.ts";
import { certificateNameOf, notAfterOf, notBeforeOf, readCertificate } from "../trust/x509/read.ts";

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
 * Who signed, if the signature is good and the signer's certificate was issued by one of the anchors for
 * that purpose. `at` null leaves the certificate's dates unjudged: a replica that was good when it
 * was taken does not go bad with its signer's certificate.
 */
export function checkSigned(
  anchors: readonly X509Certificate[],
  kind: SignedKind,
  signed: Signed<Manifest | Statement | EraseOrder>,
  at: Instant | null,
): Result<NodeId, string> {
  const signer = parseSigner(signed.signer);
  if (signer === undefined) return err("the signer's certificate cannot be read");
  const objection = objectToSigner(anchors, signer, at);
  if (objection !== undefined) return err(objection);
  const isGood = verify(
    null,
    signedBytes(kind, signed.body),
    signer.publicKey,
    Buffer.from(signed.signature, "base64url"),
  );
  if (!isGood) return err("the signature is wrong");
  const name = certificateNameOf(signer);
  if (name?.kind !== "server") return err("the signer's certificate names no server");
  return ok(name.node);
}

function objectToSigner(
  anchors: readonly X509Certificate[],
  signer: X509Certificate,
  at: Instant | null,
): string | undefined {
  const isOurs = anchors.some((one) => signer.checkIssued(one) && signer.verify(one.publicKey));
  if (!isOurs) {
    return "the signer's certificate is not from the authority of this system";
  }
  // Named keyUsage, holds the extended one; Node's types forget that there may be none.
  const usages: readonly string[] | undefined = signer.keyUsage;
  const isSigner = !signer.ca && (usages?.includes(objectIds.replicaSigning) ?? false);
  if (!isSigner) return "the signer's certificate is not for replicas";
  const isTimely = at === null || isWithinDates(signer, at);
  return isTimely ? undefined : "the signer's certificate is not within its dates";
}

function parseSigner(text: string): X509Certificate | undefined {
  const certificate = readCertificate(Buffer.from(text, "base64url"));
  return certificate?.publicKey.asymmetricKeyType === "ed25519" ? certificate : undefined;
}

function isWithinDates(certificate: X509Certificate, at: Instant): boolean {
  return notBeforeOf(certificate) <= at && at <= notAfterOf(certificate);
}

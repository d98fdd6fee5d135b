import type { TrustAnchors } from "../trust-anchors.ts";
import type { NodeId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import {
  manifestHash,
  type EraseOrder,
  type Manifest,
  type Signed,
  type SignedKind,
  type Statement,
} from "@gridward/core/codec/replica/manifest";
import { sha256 } from "@gridward/runtime/os/hash";
import { checkSigned } from "@gridward/runtime/replica/signature";
import { isRevoked, type RevocationList } from "@gridward/runtime/trust/revocation";
import { readCertificate } from "@gridward/runtime/trust/x509/read";

/** What an answer must name to be one to our question. */
export interface Expected {
  readonly anchors: Pick<TrustAnchors, "all">;
  readonly systemId: string;
  readonly group: string;
  readonly device: string;
  /** The server at the other end of the link. */
  readonly node: string;
  readonly nonce: string;
  readonly at: Instant;
  /** Revocation lists that the device holds. */
  readonly lists: readonly RevocationList[];
}

/** Hash of the manifest, if both are signed by this server and belong together and to us. */
export function verifyAnswer(
  expected: Expected,
  statement: Signed<Statement>,
  manifest: Signed<Manifest>,
): Result<string, string> {
  const { node } = expected;
  const speaker = checkSpeaker(expected, "statement", statement);
  if (!speaker.ok) return speaker;
  const signer = checkSpeaker(expected, "manifest", manifest);
  if (!signer.ok) return signer;
  const said = statement.body;
  const set = manifest.body;
  const hash = manifestHash(sha256, set);
  const demands: readonly (readonly [string, boolean])[] = [
    ["another server's signature", speaker.value === node && signer.value === node],
    ["a statement of another server", said.node === node],
    ["another system", said.systemId === expected.systemId && set.systemId === expected.systemId],
    ["a statement for another device", said.device === expected.device],
    ["another group", set.group === expected.group],
    ["an answer to another question", said.nonce === expected.nonce],
    ["a statement about another manifest", said.manifestHash === hash],
    [
      "a statement of another place",
      said.term === set.term && said.owner === set.owner && said.seq === set.rev,
    ],
  ];
  const failed = demands.find(([, holds]) => !holds);
  return failed === undefined ? ok(hash) : err(failed[0]);
}

export function verifyErase(
  expected: Omit<Expected, "group">,
  order: Signed<EraseOrder>,
): Result<number, string> {
  const signer = checkSpeaker(expected, "erase", order);
  if (!signer.ok) return signer;
  const { systemId, device, nonce, revision } = order.body;
  const isOurs =
    signer.value === expected.node &&
    systemId === expected.systemId &&
    device === expected.device &&
    nonce === expected.nonce;
  return isOurs ? ok(revision) : err("an order for another device or question");
}

/** Who signed just now. What was signed before its signer was revoked stays as good as it was. */
function checkSpeaker(
  { anchors, at, lists }: Pick<Expected, "anchors" | "at" | "lists">,
  kind: SignedKind,
  signed: Signed<Statement | Manifest | EraseOrder>,
): Result<NodeId, string> {
  const certificate = readCertificate(Buffer.from(signed.signer, "base64url"));
  if (certificate !== undefined && isRevoked(certificate, anchors.all, lists)) {
    return err("the signer's certificate is revoked");
  }
  return checkSigned(anchors.all, kind, signed, at);
}

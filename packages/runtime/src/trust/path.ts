import type { X509Certificate } from "node:crypto";
import { err, ok, type Result } from "@gridward/core/base/result";

/**
 * A way from the first certificate of a chain to an anchor: leaf first, anchor last; or the last
 * certificate on the way for which no issuer was found. Signatures and issuer rules are OpenSSL's.
 */
export function findPath(
  [leaf, ...issuers]: readonly [X509Certificate, ...(readonly X509Certificate[])],
  anchors: readonly X509Certificate[],
): Result<readonly X509Certificate[], X509Certificate> {
  const anchor = anchors.find((candidate) => issued(candidate, leaf));
  if (anchor !== undefined) return ok([leaf, anchor]);
  // An authority that several roots certified comes more than once: only one of them may lead on.
  let last = leaf;
  for (const issuer of issuers) {
    if (!issued(issuer, leaf)) continue;
    const others = issuers.filter((other) => other !== issuer);
    const found = findPath([issuer, ...others], anchors);
    if (found.ok) return ok([leaf, ...found.value]);
    last = found.error;
  }
  return err(last);
}

function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  return issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

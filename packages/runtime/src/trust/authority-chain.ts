import type { X509Certificate } from "node:crypto";
import { err, ok, type Result } from "@gridward/core/base/result";
import { findPath } from "./path.ts";
import { pemCertificates } from "./x509/pem.ts";
import { isSelfSigned, readCertificate } from "./x509/read.ts";

/**
 * An authority with those that certified it, nearest first, up to its root: alone where it is its
 * own root. Whoever is given one believes what the first issued, and nothing else that is issued
 * below the root: OpenSSL must be given the rest, or it finds no end (PK1).
 */
export type AuthorityChain = readonly [X509Certificate, ...(readonly X509Certificate[])];

/** The certificates of a text in its order; undefined where one cannot be read or there is none. */
export function readAuthorityChain(pem: string): AuthorityChain | undefined {
  const texts = pemCertificates(pem);
  const [first, ...rest] = texts.flatMap((text) => readCertificate(text) ?? []);
  return first === undefined || rest.length + 1 < texts.length ? undefined : [first, ...rest];
}

export function chainPem(chain: readonly X509Certificate[]): string {
  return chain.map(String).join("");
}

/** What is sent with a leaf, nearest first: all but the root, which who trusts it has. */
export function sentWithLeaf(chain: AuthorityChain): readonly X509Certificate[] {
  return chain.slice(0, -1);
}

/** The way from an authority up to a root among `others`; or the last one that has no issuer there. */
export function chainUpFrom(
  authority: X509Certificate,
  others: readonly X509Certificate[],
): Result<AuthorityChain, X509Certificate> {
  if (isSelfSigned(authority)) return ok([authority]);
  const path = findPath([authority, ...others], others.filter(isSelfSigned));
  if (!path.ok) return err(path.error);
  return ok([authority, ...path.value.slice(1)]);
}

/**
 * The authorities of a heap of certificates, in its order, each with its chain: those that certify
 * none of the others. One whose way to a root is not in the heap is left out.
 */
export function chainsOf(certificates: readonly X509Certificate[]): readonly AuthorityChain[] {
  const heap = [...new Map(certificates.map((one) => [one.fingerprint256, one])).values()];
  const signs = (one: X509Certificate): boolean =>
    heap.some((other) => other !== one && other.checkIssued(one) && other.verify(one.publicKey));
  return heap
    .filter((one) => one.ca && !signs(one))
    .flatMap((one) => {
      const found = chainUpFrom(one, heap);
      return found.ok ? [found.value] : [];
    });
}

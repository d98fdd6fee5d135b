import type { X509Certificate } from "node:crypto";
import { utf8 } from "@gridward/core/base/bytes";
import { writeFileAtomic } from "@gridward/runtime/os/files";
import {
  type AuthorityChain,
  chainPem,
  chainsOf,
  sentWithLeaf,
} from "@gridward/runtime/trust/authority-chain";
import { cutPem } from "@gridward/runtime/trust/x509/pem";
import { readCertificate } from "@gridward/runtime/trust/x509/read";

/**
 * Whom a device believes: two while the system changes its authority, the issuing one first (PK7).
 * They come as one heap with those above them, which nobody is believed by (PK1).
 */
export class TrustAnchors {
  readonly #path: string | null;
  #chains: readonly AuthorityChain[];

  /** `path`: the file in which they are kept; null: nowhere. */
  constructor(found: readonly X509Certificate[], path: string | null) {
    this.#chains = chainsOf(found);
    this.#path = path;
  }

  get all(): readonly X509Certificate[] {
    return this.#chains.map(([authority]) => authority);
  }

  /** Each with those above it. */
  get pem(): readonly string[] {
    return this.#chains.map(chainPem);
  }

  /** What is sent with a certificate of its own, so that who knows only the root believes it. */
  sentWith(own: X509Certificate): readonly X509Certificate[] {
    const chain = this.#chains.find(
      ([authority]) => own.checkIssued(authority) && own.verify(authority.publicKey),
    );
    return chain === undefined ? [] : sentWithLeaf(chain);
  }

  /** Those that a package brought, before what was known: it may have missed a whole change. */
  admit(found: readonly X509Certificate[]): void {
    const held = this.#chains.flat();
    const isNew = (one: X509Certificate): boolean =>
      held.every(({ fingerprint256 }) => fingerprint256 !== one.fingerprint256);
    this.replace([...found.filter(isNew), ...held]);
  }

  /** Durable when it returns. */
  replace(found: readonly X509Certificate[]): void {
    const before = this.pem.join("");
    this.#chains = chainsOf(found);
    if (this.pem.join("") === before) return;
    if (this.#path !== null) writeFileAtomic(this.#path, utf8(this.pem.join("")));
  }
}

/** The certificates of a file; none where one of them cannot be read. */
export function readAnchorsText(text: string): readonly X509Certificate[] {
  const blocks = cutPem(text) ?? [];
  const read = blocks.flatMap((block) => readCertificate(block.text) ?? []);
  return read.length === blocks.length ? read : [];
}

import type { X509Certificate } from "node:crypto";
import { utf8 } from "@gridward/core/base/bytes";
import { writeFileAtomic } from "@gridward/runtime/os/files";
import { cutPem } from "@gridward/runtime/trust/x509/pem";
import { readCertificate } from "@gridward/runtime/trust/x509/read";

/** Whom a device believes: two while the system changes its authority, the issuing one first (PK7). */
export class TrustAnchors {
  readonly #path: string | null;
  #all: readonly X509Certificate[];

  /** `path`: the file in which they are kept; null: nowhere. */
  constructor(all: readonly X509Certificate[], path: string | null) {
    this.#all = all;
    this.#path = path;
  }

  get all(): readonly X509Certificate[] {
    return this.#all;
  }

  get pem(): readonly string[] {
    return this.#all.map((one) => one.toString());
  }

  /** Those that a package brought, before what was known: it may have missed a whole change. */
  admit(found: readonly X509Certificate[]): void {
    const isNew = (one: X509Certificate): boolean =>
      this.#all.every(({ fingerprint256 }) => fingerprint256 !== one.fingerprint256);
    this.replace([...found.filter(isNew), ...this.#all]);
  }

  /** Durable when it returns. */
  replace(all: readonly X509Certificate[]): void {
    const isSame = all.map((one) => one.toString()).join("") === this.pem.join("");
    if (isSame) return;
    this.#all = all;
    if (this.#path !== null) writeFileAtomic(this.#path, utf8(this.pem.join("")));
  }
}

/** The certificates of a file; none where one of them cannot be read. */
export function readAnchorsText(text: string): readonly X509Certificate[] {
  const blocks = cutPem(text) ?? [];
  const read = blocks.flatMap((block) => readCertificate(block.text) ?? []);
  return read.length === blocks.length ? read : [];
}

import type { Bytes } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { berTags, decodeBerHeader } from "../ber.ts";
import { ldapMessageMax } from "./limits.ts";

/**
 * Cuts a stream into whole messages. What is kept of an unfinished message never exceeds twice
 * what the peer has really sent of it, whatever length it declared.
 */
export class LdapFramer {
  #store: Bytes = new Uint8Array(0);
  #used = 0;

  /** The messages that `chunk` completes, in order; a refusal is final for the stream. */
  push(chunk: Bytes): Result<readonly Bytes[], string> {
    const bytes = this.#joined(chunk);
    const messages: Bytes[] = [];
    let offset = 0;
    while (offset < bytes.length) {
      if (bytes[offset] !== berTags.sequence) return err("not an LDAP message");
      const header = decodeBerHeader(bytes, offset);
      if (!header.ok && header.error !== "truncated") return header;
      if (header.ok && header.value.end - offset > ldapMessageMax) return err("message too long");
      if (!header.ok || header.value.end > bytes.length) break;
      messages.push(bytes.subarray(offset, header.value.end));
      offset = header.value.end; // Ends: a header is at least two octets long.
    }
    this.#keep(bytes, offset);
    return ok(messages);
  }

  /** Whether a message has begun that is not whole yet. */
  get isWaiting(): boolean {
    return this.#used > 0;
  }

  #joined(chunk: Bytes): Bytes {
    if (this.#used === 0) return chunk;
    const length = this.#used + chunk.length;
    if (this.#store.length < length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#store.length));
      larger.set(this.#store.subarray(0, this.#used));
      this.#store = larger;
    }
    this.#store.set(chunk, this.#used);
    return this.#store.subarray(0, length);
  }

  /** Messages handed out point into the old store, so a rest after them moves to a new one. */
  #keep(bytes: Bytes, offset: number): void {
    const isStoreUntouched = offset === 0 && this.#used > 0;
    this.#used = bytes.length - offset;
    if (isStoreUntouched) return;
    this.#store = bytes.slice(offset);
  }
}

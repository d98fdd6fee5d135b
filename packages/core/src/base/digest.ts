import type { Bytes } from "./bytes.ts";

/**
 * SHA-256, given by the platform (core has no cryptography of its own). 32 bytes; a text counts as
 * its UTF-8.
 */
export type Sha256 = (content: Bytes | string) => Bytes;

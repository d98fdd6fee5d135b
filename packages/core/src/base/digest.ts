import type { Bytes } from "./bytes.ts";

/** SHA-256, given by the platform (core has no cryptography of its own). 32 bytes. */
export type Sha256 = (bytes: Bytes) => Bytes;

import { z } from "zod";
import { decodeHex, encodeHex, utf8, type Bytes } from "@gridward/core/base/bytes";
import { parseJsonText } from "@gridward/core/base/json";
import { Secret } from "@gridward/core/base/secret";
import { minute, type Instant } from "@gridward/core/base/time";
import { encodeWitnessCode, witnessSecretBytes } from "@gridward/core/codec/witness-code";
import { pairingHash } from "@gridward/runtime/link/contact-proof";
import { removePath, writeFileAtomic } from "@gridward/runtime/os/files";
import { sha256 } from "@gridward/runtime/os/hash";
import { randomBytes } from "@gridward/runtime/os/random";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { readText, type WitnessPlace } from "./witness-directory.ts";

/** As long as an invitation for a Standby. */
const codeValidity = 15 * minute;

const codeShape = z.strictObject({
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  expiresAt: z.int().min(0),
});

/** A code as it is shown, once. */
export interface IssuedCode {
  readonly code: Secret<string>;
  readonly expiresAt: Instant;
}

/** Makes a code and forgets it: what is kept is the hash. An older code is void. */
export function issueCode({ paths, config, pairingKey }: WitnessPlace, now: Instant): IssuedCode {
  const secret = randomBytes(witnessSecretBytes);
  const expiresAt = now + codeValidity;
  const kept = { hash: encodeHex(sha256(secret)), expiresAt };
  writeFileAtomic(paths.code, utf8(JSON.stringify(kept)));
  const { address, port } = config;
  const hash = pairingHash(pairingKeyText(pairingKey));
  const code = encodeWitnessCode({ address, port, pairingHash: hash, secret }, sha256);
  return { code: new Secret(code), expiresAt };
}

/** The open code: when it ends, and the hash of its secret, by which both sides prove it. */
export interface OpenCode {
  readonly key: Secret<Bytes>;
  readonly expiresAt: Instant;
}

/**
 * Undefined where none is open. Tries are not counted: nobody guesses 128 bits, and whoever could
 * use up the tries of others would keep them from adding their witness.
 */
export function openCode(path: string, now: Instant): OpenCode | undefined {
  const text = readText(path);
  const kept = text === undefined ? undefined : codeShape.safeParse(parseJsonText(text)).data;
  if (kept === undefined || kept.expiresAt <= now) return undefined;
  const hash = decodeHex(kept.hash);
  return hash.ok ? { key: new Secret<Bytes>(hash.value), expiresAt: kept.expiresAt } : undefined;
}

export function useUpCode(path: string): void {
  removePath(path);
}

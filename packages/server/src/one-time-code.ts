import { encodeHex, utf8 } from "@gridward/core/base/bytes";
import { requestId, type RequestId, type Sealed } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import { hmacSha256, sameSecret, sha256 } from "@gridward/runtime/os/hash";
import { sealText, unsealText, type SystemKey } from "@gridward/runtime/os/seal";
import { spellCrockford } from "./crockford.ts";

/** What a code admits to; codes of one purpose are void for the others. */
export type CodePurpose = "first sign-in" | "device enrolment";

/** A code is written in groups of five, the last of six. */
const groups = /.{5}(?=.{6})/g;

/**
 * The code that belongs to a request: 128 bits that only a holder of the system key can compute.
 * A retry of the request so gets the same code, although no server keeps it.
 */
export function codeFor(key: SystemKey, purpose: CodePurpose, request: RequestId): Secret<string> {
  const codeKey = hmacSha256(key.bytes.reveal(), utf8("gridward one-time code\u0001"));
  const bytes = hmacSha256(codeKey, utf8(`${purpose}\u0000${request}`));
  return new Secret(spellCrockford(bytes).replaceAll(groups, "$&-"));
}

/** What is journalled of a code: its hash, sealed. 128 random bits need no slow hash. */
export function sealCode(key: SystemKey, purpose: CodePurpose, code: Secret<string>): Sealed {
  return sealText(key, codeSealPurpose(purpose), hashOf(code));
}

/** Is this the code? Case, spaces and hyphens do not count; O reads as 0, I and L as 1. */
export function matchesCode(
  key: SystemKey,
  purpose: CodePurpose,
  check: { readonly verifier: Sealed; readonly typed: Secret<string> },
): boolean {
  const opened = unsealText(key, codeSealPurpose(purpose), check.verifier);
  if (!opened.ok) return false;
  return sameSecret(utf8(opened.value.reveal()), utf8(hashOf(check.typed).reveal()));
}

/**
 * The id of the one request that a code pays for. Whoever asks again with the same code so finds
 * the first answer, and without the code nobody can ask for it.
 */
export function requestIdOfCode(
  key: SystemKey,
  purpose: CodePurpose,
  use: { readonly owner: string; readonly typed: Secret<string> },
): RequestId {
  const idKey = hmacSha256(key.bytes.reveal(), utf8("gridward request of a one-time code\u0001"));
  const text = `${purpose}\u0000${use.owner}\u0000${hashOf(use.typed).reveal()}`;
  return requestId(spellCrockford(hmacSha256(idKey, utf8(text))));
}

/** Purpose under which the hash of a code is sealed. */
export function codeSealPurpose(purpose: CodePurpose): string {
  return `one-time code for ${purpose}`;
}

function hashOf(code: Secret<string>): Secret<string> {
  const plain = code
    .reveal()
    .toUpperCase()
    .replaceAll(/[\s-]/g, "")
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  return new Secret(encodeHex(sha256(utf8(plain))));
}

import type { RequestId, Sealed } from "@gridward/core/base/identity";
import type { Secret } from "@gridward/core/base/secret";
import type { SystemKey } from "@gridward/runtime/os/seal";
import { codeFor, sealCode } from "../one-time-code.ts";
import { followUp } from "./order.ts";

/** One-time codes of all accounts that one request creates; a retry of it finds the same. */
export interface Codes {
  readonly code: (name: string) => Secret<string>;
  readonly sealed: (name: string) => Sealed;
}

export function codesOf(key: SystemKey, request: RequestId): Codes {
  const code = (name: string): Secret<string> =>
    codeFor(key, "first sign-in", followUp(request, `code ${name}`));
  return { code, sealed: (name) => sealCode(key, "first sign-in", code(name)) };
}

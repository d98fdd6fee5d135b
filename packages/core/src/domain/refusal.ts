import { authorityRefusals } from "./refusals/authority-refusals.ts";
import { backupRefusals } from "./refusals/backup-refusals.ts";
import { certificateRefusals } from "./refusals/certificate-refusals.ts";
import { ownCertificateRefusals } from "./refusals/own-certificate-refusals.ts";
import { clientRefusals } from "./refusals/client-refusals.ts";
import { deviceRefusals } from "./refusals/device-refusals.ts";
import { directoryRefusals } from "./refusals/directory-refusals.ts";
import { pairRefusals } from "./refusals/pair-refusals.ts";
import type { RefusalSpec } from "./refusals/refusal-spec.ts";
import { rightsRefusals } from "./refusals/rights-refusals.ts";
import { setAsideRefusals } from "./refusals/set-aside-refusals.ts";
import { serverRefusals } from "./refusals/server-refusals.ts";
import { signInRefusals } from "./refusals/sign-in-refusals.ts";
import { witnessRefusals } from "./refusals/witness-refusals.ts";

/**
 * Every way we say no, once. HTTP status, LDAP result code, exit code, who may learn the reason and
 * what to do now stand in one row; status codes, reference page and tests are read off this table.
 * Rows are grouped by prefix in refusals/.
 */
export const refusals = {
  ...signInRefusals,
  ...directoryRefusals,
  ...deviceRefusals,
  ...rightsRefusals,
  ...certificateRefusals,
  ...authorityRefusals,
  ...clientRefusals,
  ...pairRefusals,
  ...setAsideRefusals,
  ...serverRefusals,
  ...ownCertificateRefusals,
  ...backupRefusals,
  ...witnessRefusals,
} as const satisfies Record<string, RefusalSpec>;

export type RefusalCode = keyof typeof refusals;
export type { RefusalSpec };

/** `detail` names the thing refused; it goes to the audit trail and to whoever `tell` allows. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly detail: string;
}

/** A refusal as the result that says no. */
export function refuse(
  code: RefusalCode,
  detail: string,
): { readonly ok: false; readonly error: Refusal } {
  return { ok: false, error: { code, detail } };
}

export function isRefusalCode(text: string): text is RefusalCode {
  return Object.hasOwn(refusals, text);
}

/** The row of a code, widened to the common type. */
export function refusalSpec(code: RefusalCode): RefusalSpec {
  return refusals[code];
}

/** What somebody who is not signed in may hear of a refused sign-in (AM10): no detail either. */
export function publicRefusal(refusal: Refusal): Refusal {
  const isPlain = refusals[refusal.code].tell === "anyone" && refusal.code !== rejected.code;
  return isPlain ? refusal : rejected;
}

const rejected: Refusal = { code: "credential.rejected", detail: "" };

import type { Instant } from "../base/time.ts";
import { isLocked, type FailureCounter } from "./lock-out.ts";
import { normaliseName } from "./names.ts";
import { passwordEnd } from "./policies.ts";
import type { Refusal } from "./refusal.ts";
import type { SecurityEventNumber } from "./security-event.ts";
import { isAdministrative, isPastItsRoles } from "./roles.ts";
import type { AccountRow, Door, PolicyRow } from "./types.ts";

/** Which credential was right. "none" also where the typed password could not be prepared. */
export type Proof = "password" | "code" | "certificate" | "none";

/** A known account at a door, with what was proved. */
export interface Attempt {
  readonly door: Door;
  readonly account: AccountRow;
  readonly policy: PolicyRow;
  readonly proof: Proof;
  readonly counter: FailureCounter | undefined;
  readonly at: Instant;
  /** Whom the peer said it is beside its certificate, if it said so. */
  readonly claimed: string | null;
  /** The credential came over a connection without TLS (CS7). */
  readonly isClear: boolean;
}

export interface Denial {
  readonly refusal: Refusal;
  readonly event: SecurityEventNumber;
  /** True where the credential itself was wrong: only this is counted towards a lock-out. */
  readonly isFailure?: boolean;
}

interface Check {
  readonly name: string;
  readonly doors: readonly Door[];
  readonly run: (attempt: Attempt) => Denial | undefined;
}

const everyDoor: readonly Door[] = ["ldap", "https", "device", "local", "panel", "pair"];
/** Doors through which a password cannot be changed, so that a must-change would never end. */
const readingDoors: readonly Door[] = ["ldap"];

/**
 * Every door runs the same list, in this order; where doors differ, it shows. Status and lock-out
 * come before the credential: a locked account is not told whether the password was right.
 */
const checks: readonly Check[] = [
  { name: "status", doors: everyDoor, run: checkStatus },
  { name: "lock-out", doors: everyDoor, run: checkLockOut },
  { name: "clear text", doors: readingDoors, run: checkClearText },
  { name: "credential", doors: everyDoor, run: checkCredential },
  { name: "identity", doors: everyDoor, run: checkIdentity },
  { name: "expiry", doors: everyDoor, run: checkExpiry },
  { name: "validity", doors: everyDoor, run: checkValidity },
  { name: "must change", doors: readingDoors, run: checkMustChange },
];

/** The first check that says no, or nothing. */
export function checkSignIn(attempt: Attempt): Denial | undefined {
  for (const { doors, run } of checks) {
    const denial = doors.includes(attempt.door) ? run(attempt) : undefined;
    if (denial !== undefined) return denial;
  }
  return undefined;
}

function checkStatus({ account }: Attempt): Denial | undefined {
  if (account.enabled) return undefined;
  return { event: 1130, refusal: { code: "account.disabled", detail: account.name } };
}

function checkLockOut({ account, counter, at }: Attempt): Denial | undefined {
  if (!isLocked(account, counter, at)) return undefined;
  return { event: 1170, refusal: { code: "account.locked", detail: account.name } };
}

/** CS7: before the credential, so that nobody learns by it whether a password was right. */
function checkClearText({ account, isClear }: Attempt): Denial | undefined {
  if (!isClear || !account.roles.some(({ role }) => isAdministrative(role))) return undefined;
  return { event: 1130, refusal: { code: "account.never-legacy", detail: account.name } };
}

function checkCredential({ account, proof, at }: Attempt): Denial | undefined {
  const wrong = { event: 1130, isFailure: true } as const;
  if (proof === "none") {
    return { ...wrong, refusal: { code: "credential.rejected", detail: account.name } };
  }
  if (proof === "code" && (account.code === null || account.code.expiresAt <= at)) {
    return { ...wrong, refusal: { code: "credential.code-expired", detail: account.name } };
  }
  return undefined;
}

/** RFC 4513 §5.2.3: who asks to be another than the certificate says is refused. */
function checkIdentity({ account, claimed }: Attempt): Denial | undefined {
  if (claimed === null || normaliseName(claimed) === account.name) return undefined;
  return { event: 1130, refusal: { code: "credential.other-identity", detail: account.name } };
}

/** A password is too old only for whom it let in. */
function checkExpiry({ account, policy, proof, at }: Attempt): Denial | undefined {
  const end = passwordEnd(account, policy);
  if (proof !== "password" || end === null || at < end) return undefined;
  return { event: 1150, refusal: { code: "password.expired", detail: account.name } };
}

function checkValidity({ account, at }: Attempt): Denial | undefined {
  if (!isPastItsRoles(account, at)) return undefined;
  return { event: 1130, refusal: { code: "account.expired", detail: account.name } };
}

function checkMustChange({ account, proof }: Attempt): Denial | undefined {
  if (proof === "certificate") return undefined;
  if (proof === "password" && account.password?.mustChange !== true) return undefined;
  return { event: 1150, refusal: { code: "password.must-change", detail: account.name } };
}

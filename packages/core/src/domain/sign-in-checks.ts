import type { Instant } from "../base/time.ts";
import { isLocked, type FailureCounter } from "./lock-out.ts";
import { passwordEnd } from "./policies.ts";
import type { Refusal } from "./refusal.ts";
import type { SecurityEventNumber } from "./security-event.ts";
import { rolesInForce } from "./roles.ts";
import type { AccountRow, Door, PolicyRow } from "./types.ts";

/** Which credential was right. "none" also where the typed password could not be prepared. */
export type Proof = "password" | "code" | "none";

/** A known account at a door, with what was proved. */
export interface Attempt {
  readonly door: Door;
  readonly account: AccountRow;
  readonly policy: PolicyRow;
  readonly proof: Proof;
  readonly counter: FailureCounter | undefined;
  readonly at: Instant;
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
  { name: "credential", doors: everyDoor, run: checkCredential },
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

function checkExpiry({ account, policy, proof, at }: Attempt): Denial | undefined {
  const end = passwordEnd(account, policy);
  if (proof === "code" || end === null || at < end) return undefined;
  return { event: 1150, refusal: { code: "password.expired", detail: account.name } };
}

/** IEC 62351-8: an account whose every role is out of its dates is over; one without roles is not. */
function checkValidity({ account, at }: Attempt): Denial | undefined {
  if (account.roles.length === 0 || rolesInForce(account, at).length > 0) return undefined;
  return { event: 1130, refusal: { code: "account.expired", detail: account.name } };
}

function checkMustChange({ account, proof }: Attempt): Denial | undefined {
  if (proof === "password" && account.password?.mustChange !== true) return undefined;
  return { event: 1150, refusal: { code: "password.must-change", detail: account.name } };
}

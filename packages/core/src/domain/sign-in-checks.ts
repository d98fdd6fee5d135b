import type { Instant } from "../base/time.ts";
import { isBlockedAt, isLocked, type FailureCounter } from "./lock-out.ts";
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
  /** Whoever asks can be told that the password must be changed, and can change it there. */
  readonly mayChange: boolean;
  /** The present password is proved for a change of it, by who is signed in already. */
  readonly isForChange: boolean;
  /** Access point of the device, for the door "device". */
  readonly accessPoint: string | null;
  /** Failures from this source against accounts of this policy. */
  readonly sourceCounter: FailureCounter | undefined;
  /** Sign-ins that are left after the end of the password. */
  readonly graceLeft: number;
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

/**
 * Doors at which failures are counted by address. A device is one address for all who stand before
 * it: by counting them there, whoever guesses would lock out the others (DV13).
 */
export const addressDoors: readonly Door[] = ["ldap", "https"];

const everyDoor: readonly Door[] = ["ldap", "https", "device", "local", "panel", "pair"];
/** Where many clients cannot change a password, so that a must-change would never end. */
const readingDoors: readonly Door[] = ["ldap"];
/** Doors to which any address may come as often as it likes. */
const openDoors: readonly Door[] = ["ldap", "https", "device"];

/**
 * Every door runs the same list, in this order; where doors differ, it shows. Status and lock-out
 * come before the credential: a locked account is not told whether the password was right.
 */
const checks: readonly Check[] = [
  { name: "status", doors: everyDoor, run: checkStatus },
  { name: "lock-out", doors: everyDoor, run: checkLockOut },
  { name: "source", doors: addressDoors, run: checkSource },
  { name: "panel", doors: openDoors, run: checkPanel },
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

/** Before the credential: whoever guesses does not learn which guess was right. */
function checkSource({ account, sourceCounter, at }: Attempt): Denial | undefined {
  if (!isBlockedAt(sourceCounter, at)) return undefined;
  return { event: 1170, refusal: { code: "account.source-blocked", detail: account.name } };
}

/** Before the credential, too: no network is a place to try PINs at. A code sets the first one. */
function checkPanel({ account, policy, proof, door, accessPoint }: Attempt): Denial | undefined {
  const isPanel = door === "device" && accessPoint === "panel";
  if (policy.kind !== "panel-pin" || isPanel || proof === "code" || proof === "certificate") {
    return undefined;
  }
  return { event: 1130, refusal: { code: "account.panel-only", detail: account.name } };
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

/**
 * A password is too old only for whom it let in, and only when no sign-in is left to change it. One
 * that nobody can be told of would be used up unseen.
 */
function checkExpiry(attempt: Attempt): Denial | undefined {
  const { account, door, graceLeft, mayChange } = attempt;
  const isTold = mayChange || !readingDoors.includes(door);
  if (!isOver(attempt) || (isTold && graceLeft > 0)) return undefined;
  return { event: 1150, refusal: { code: "password.expired", detail: account.name } };
}

/** The password that let somebody in has ended. */
export function isOver({
  account,
  policy,
  proof,
  at,
}: Pick<Attempt, "account" | "policy" | "proof" | "at">): boolean {
  const end = passwordEnd(account, policy);
  return proof === "password" && end !== null && at >= end;
}

function checkValidity({ account, at }: Attempt): Denial | undefined {
  if (!isPastItsRoles(account, at)) return undefined;
  return { event: 1130, refusal: { code: "account.expired", detail: account.name } };
}

function checkMustChange(attempt: Attempt): Denial | undefined {
  const { account, proof, mayChange, isForChange } = attempt;
  if (proof === "certificate" || mayChange || isForChange) return undefined;
  if (proof === "password" && account.password?.mustChange !== true) return undefined;
  return { event: 1150, refusal: { code: "password.must-change", detail: account.name } };
}

import type { AccountId } from "../base/identity.ts";
import type { Instant } from "../base/time.ts";
import type { Fact } from "./fact.ts";
import type { AccountRow, PolicyRow } from "./types.ts";

/**
 * Failed sign-ins of one account on one server or device, kept durably by it. There is none while
 * there were no failures. Unknown names are not counted: they would fill the store.
 */
export interface FailureCounter {
  readonly failures: number;
  /** Time of the first failure of the run. */
  readonly since: Instant;
  /** Blocked here, at once and without asking anybody; ends by clock. */
  readonly blockedUntil: Instant | null;
}

/** The counter after one more failure. A run that is older than the window begins anew. */
export function countFailure(
  counter: FailureCounter | undefined,
  policy: Pick<PolicyRow, "attempts" | "window" | "lockFor">,
  now: Instant,
): FailureCounter {
  const isOver =
    counter === undefined ||
    now - counter.since > policy.window ||
    now < counter.since || // The clock went back: an old run must not last for ever.
    (counter.blockedUntil !== null && counter.blockedUntil <= now);
  const failures = isOver ? 1 : counter.failures + 1;
  const blockedUntil = failures >= policy.attempts ? now + policy.lockFor : null;
  return { failures, since: isOver ? now : counter.since, blockedUntil };
}

/** By the journal: the same everywhere. */
export function isLockedAt(account: Pick<AccountRow, "lockedUntil">, now: Instant): boolean {
  return account.lockedUntil !== null && now < account.lockedUntil;
}

/** By the failures counted here. */
export function isBlockedAt(counter: FailureCounter | undefined, now: Instant): boolean {
  return counter !== undefined && counter.blockedUntil !== null && now < counter.blockedUntil;
}

/** Either way: no sign-in is accepted, whatever the password. */
export function isLocked(
  account: Pick<AccountRow, "lockedUntil">,
  counter: FailureCounter | undefined,
  now: Instant,
): boolean {
  return isLockedAt(account, now) || isBlockedAt(counter, now);
}

/** Accounts whose counters every server drops when it applies these facts. */
export function countersResetBy(facts: readonly Fact[]): readonly AccountId[] {
  const accounts: AccountId[] = [];
  for (const fact of facts) {
    if (fact.kind === "account-unlocked" || fact.kind === "account-deleted") accounts.push(fact.id);
  }
  return accounts;
}

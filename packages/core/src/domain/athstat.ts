import type { Instant } from "../base/time.ts";
import { isBlockedAt, type FailureCounter } from "./lock-out.ts";

/** ATHSTAT (DV9): the two outputs, in the names of the function block. */
export interface AuthorityStatus {
  /** At least one user is blocked because of wrong passwords. */
  readonly usrblked: boolean;
  /** At least one user is signed in. */
  readonly loggedon: boolean;
}

export function athstatOf(
  sessions: Iterable<{ readonly expiresAt: Instant }>,
  counters: Iterable<FailureCounter>,
  now: Instant,
): AuthorityStatus {
  let usrblked = false;
  let loggedon = false;
  for (const counter of counters) usrblked ||= isBlockedAt(counter, now);
  for (const session of sessions) loggedon ||= now < session.expiresAt;
  return { usrblked, loggedon };
}

import type { Instant } from "../base/time.ts";
import type { AccountRow, GraceUse, PasswordCredential, PolicyRow } from "./types.ts";

/**
 * Sign-ins after the end of a password (AM3). Each server counts its own at once and durably, then
 * has them journalled; what counts is all that either knows of, so that nothing is counted twice.
 */

export function isSameUse(one: GraceUse, other: GraceUse): boolean {
  return one.server === other.server && one.at === other.at;
}

/** All uses of the present password: journalled, and counted on this server. */
function graceUses(
  { graceUsed = [] }: Pick<PasswordCredential, "graceUsed">,
  own: readonly GraceUse[],
): readonly GraceUse[] {
  const fresh = own.filter((use) => !graceUsed.some((each) => isSameUse(each, use)));
  return [...graceUsed, ...fresh];
}

/** How many are left; 0 where there is no password. */
export function graceLeft(
  { password }: Pick<AccountRow, "password">,
  policy: Pick<PolicyRow, "grace">,
  own: readonly GraceUse[],
): number {
  return password === null ? 0 : Math.max(0, policy.grace - graceUses(password, own).length);
}

/** The next use of a server: at the time of it, or just after the one before. */
export function nextUse(
  server: GraceUse["server"],
  at: Instant,
  own: readonly GraceUse[],
): GraceUse {
  const last = Math.max(0, ...own.map((use) => use.at));
  return { server, at: Math.max(at, last + 1) };
}

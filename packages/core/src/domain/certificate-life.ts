import { day, type Instant } from "../base/time.ts";

/** When a certificate or a revocation list begins and ends. */
export interface Lifetime {
  readonly notBefore: Instant;
  readonly notAfter: Instant;
}

/** PK8: what renews itself does so from two thirds of its life on, and has a third to try. */
export function renewalDue({ notBefore, notAfter }: Lifetime): Instant {
  return Math.floor(notBefore + ((notAfter - notBefore) * 2) / 3);
}

/** CS12: so many days before the end it is announced. */
export const expiryDays = [60, 30, 14, 7, 1] as const;

/** Days that were announced before the end, or 0 where it has come. */
export type ExpiryStage = (typeof expiryDays)[number] | 0;

/**
 * CS12: the alarm for a certificate at a time, as the smallest number of days that holds; null where
 * there is none. Only the last third of a life is announced: before, what renews itself is not late,
 * and a list that is good for a week would never be quiet.
 */
export function expiryStage(life: Lifetime, now: Instant): ExpiryStage | null {
  if (now > life.notAfter) return 0;
  const stages = stagesOf(life).filter((days) => now >= life.notAfter - days * day);
  return stages.at(-1) ?? null;
}

/** Those whose time came after `before` and up to `now`, first the one that came first. */
export function stagesReached(
  life: Lifetime,
  before: Instant,
  now: Instant,
): readonly ExpiryStage[] {
  const isReached = (days: ExpiryStage): boolean => {
    const at = stageBegins(life, days);
    return before < at && at <= now;
  };
  return [...stagesOf(life), 0 as const].filter(isReached);
}

/** When a stage begins: its days before the end; just after the end for 0. */
export function stageBegins({ notAfter }: Lifetime, days: ExpiryStage): Instant {
  return days === 0 ? notAfter + 1 : notAfter - days * day;
}

function stagesOf(life: Lifetime): readonly (typeof expiryDays)[number][] {
  const due = renewalDue(life);
  return expiryDays.filter((days) => life.notAfter - days * day >= due);
}

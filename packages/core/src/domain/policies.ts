import { day, minute, type Millis } from "../base/time.ts";
import type { NewPassword } from "./command.ts";
import {
  attemptsMax,
  historyMax,
  lockMax,
  lockMin,
  passwordAgeMax,
  passwordAgeMin,
  passwordBytesMax,
  passwordLengthMin,
  windowMax,
  windowMin,
} from "./limits.ts";
import { parseAccountName } from "./names.ts";
import type { Refusal } from "./refusal.ts";
import type { AccountRow, PolicyRow } from "./types.ts";

/** The policy of an account for which nobody chose one. */
export const firstPolicy = "utility";

/** Profiles that every system begins with; where NIST and NERC disagree, the owner chooses. */
export const seedPolicies: readonly PolicyRow[] = [
  {
    // IEEE 1686 5.1 and NERC CIP-007 R5: eight characters of three kinds, at most 15 months.
    name: firstPolicy,
    lengthMin: 8,
    lengthMax: 128,
    classesMin: 3,
    history: 5,
    attempts: 3,
    window: 10 * minute,
    lockFor: 10 * minute,
    expiresAfter: 455 * day,
  },
  {
    // NIST SP 800-63B-4: length alone, never by the calendar.
    name: "modern",
    lengthMin: 15,
    lengthMax: 128,
    classesMin: 1,
    history: 0,
    attempts: 5,
    window: 15 * minute,
    lockFor: 10 * minute,
    expiresAfter: null,
  },
];

/** Does the policy lie within the limits of the product? */
export function checkPolicy(policy: PolicyRow): Refusal | undefined {
  const name = parseAccountName(policy.name);
  const checks: readonly (readonly [string, boolean])[] = [
    ["name", name.ok && name.value === policy.name],
    ["lengthMin", isWithin(policy.lengthMin, passwordLengthMin, policy.lengthMax)],
    ["lengthMax", isWithin(policy.lengthMax, policy.lengthMin, passwordBytesMax)],
    ["classesMin", isWithin(policy.classesMin, 0, 4)],
    ["history", isWithin(policy.history, 0, historyMax)],
    ["attempts", isWithin(policy.attempts, 1, attemptsMax)],
    ["window", isWithin(policy.window, windowMin, windowMax)],
    ["lockFor", isWithin(policy.lockFor, lockMin, lockMax)],
    ["expiresAfter", isPasswordAge(policy.expiresAfter)],
  ];
  const wrong = checks.filter(([, holds]) => !holds).map(([member]) => member);
  if (wrong.length === 0) return undefined;
  return { code: "policy.bad-value", detail: `${policy.name.slice(0, 64)}: ${wrong.join(", ")}` };
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function isPasswordAge(age: Millis | null): boolean {
  return age === null || isWithin(age, passwordAgeMin, passwordAgeMax);
}

/** The part of the policy that can be judged without the password. */
export function checkNewPassword(
  policy: PolicyRow,
  password: Pick<NewPassword, "length" | "classes" | "repeats">,
): Refusal | undefined {
  const { length, classes, repeats } = password;
  if (length < policy.lengthMin) {
    return { code: "password.too-short", detail: `at least ${policy.lengthMin} characters` };
  }
  if (length > policy.lengthMax) {
    return { code: "password.too-long", detail: `at most ${policy.lengthMax} characters` };
  }
  if (classes < policy.classesMin) {
    return { code: "password.too-plain", detail: `at least ${policy.classesMin} of 4 kinds` };
  }
  return repeats ? { code: "password.repeated", detail: "" } : undefined;
}

/** When the present password ends under the policy; null where it never does. */
export function passwordEnd(account: AccountRow, policy: PolicyRow | undefined): number | null {
  const age = policy?.expiresAfter ?? null;
  return age === null || account.password === null ? null : account.password.changedAt + age;
}

import { day, minute, type Instant, type Millis } from "../base/time.ts";
import type { NewPassword } from "./command.ts";
import {
  attemptsMax,
  graceMax,
  historyMax,
  lockMax,
  lockMin,
  passwordAgeMax,
  passwordAgeMin,
  passwordBytesMax,
  passwordKeptMax,
  passwordLengthMin,
  policyWordMax,
  policyWordMin,
  policyWordsMax,
  sourceAttemptsMax,
  windowMax,
  windowMin,
} from "./limits.ts";
import { parseAccountName } from "./names.ts";
import type { Refusal } from "./refusal.ts";
import { isAdministrative, roleName } from "./roles.ts";
import type { AccountRow, PasswordCredential, PolicyRow, RoleAssignment } from "./types.ts";

/** The policy of an account for which nobody chose one. */
export const firstPolicy = "utility";

/** Profiles that every system begins with; where NIST and NERC disagree, the owner chooses. */
export const seedPolicies: readonly PolicyRow[] = [
  {
    // IEEE 1686 5.1 and NERC CIP-007 R5: eight characters of three kinds, at most 15 months.
    name: firstPolicy,
    kind: "password",
    lengthMin: 8,
    lengthMax: 128,
    classesMin: 3,
    words: [],
    history: 5,
    ageMin: 0,
    expiresAfter: 455 * day,
    warnBefore: 14 * day,
    grace: 3,
    mustChange: false,
    attempts: 3,
    sourceAttempts: 30,
    window: 10 * minute,
    lockFor: 10 * minute,
  },
  {
    // NIST SP 800-63B-4: length alone, never by the calendar.
    name: "modern",
    kind: "password",
    lengthMin: 15,
    lengthMax: 128,
    classesMin: 1,
    words: [],
    history: 0,
    ageMin: 0,
    expiresAfter: null,
    warnBefore: 0,
    grace: 0,
    mustChange: false,
    attempts: 5,
    sourceAttempts: 50,
    window: 15 * minute,
    lockFor: 10 * minute,
  },
  {
    // What can be typed with the keys of a panel; too few for any other door.
    name: "panel-pin",
    kind: "panel-pin",
    lengthMin: 6,
    lengthMax: 12,
    classesMin: 1,
    words: [],
    history: 3,
    ageMin: 0,
    expiresAfter: null,
    warnBefore: 0,
    grace: 0,
    mustChange: false,
    attempts: 3,
    sourceAttempts: 0,
    window: 10 * minute,
    lockFor: 10 * minute,
  },
];

/** Does the policy lie within the limits of the product? */
export function checkPolicy(policy: PolicyRow): Refusal | undefined {
  const name = parseAccountName(policy.name);
  const { ageMin, expiresAfter, warnBefore, attempts, sourceAttempts } = policy;
  const life = expiresAfter ?? Number.MAX_SAFE_INTEGER;
  const isPin = policy.kind === "panel-pin";
  const checks: readonly (readonly [string, boolean])[] = [
    ["a name like that of an account", name.ok && name.value === policy.name],
    [
      "length-min is 4 to length-max",
      isWithin(policy.lengthMin, passwordLengthMin, policy.lengthMax),
    ],
    ["length-max is at most 1024", isWithin(policy.lengthMax, 1, passwordBytesMax)],
    ["classes is 0 to 4, and of a PIN 1 at most", isWithin(policy.classesMin, 0, isPin ? 1 : 4)],
    ["words are at most 256, of 3 to 64 letters and digits", isWordList(policy.words)],
    ["history is 0 to 24", isWithin(policy.history, 0, historyMax)],
    // Below the end: else nobody could change a password before it ends.
    [
      "age-min is at most 365d, and less than expires",
      isWithin(ageMin, 0, passwordKeptMax) && ageMin < life,
    ],
    ["expires is 1d to 3660d, or never", isPasswordAge(expiresAfter)],
    ["warn is at most expires", isWithin(warnBefore, 0, passwordAgeMax) && warnBefore <= life],
    ["grace is 0 to 10", isWithin(policy.grace, 0, graceMax)],
    ["attempts is 1 to 100", isWithin(attempts, 1, attemptsMax)],
    ["source-attempts is at most 10000", isWithin(sourceAttempts, 0, sourceAttemptsMax)],
    ["window is 10s to 1d", isWithin(policy.window, windowMin, windowMax)],
    ["lock is 1m to 1d", isWithin(policy.lockFor, lockMin, lockMax)],
  ];
  const wrong = checks.filter(([, holds]) => !holds).map(([rule]) => rule);
  if (wrong.length === 0) return undefined;
  return { code: "policy.bad-value", detail: `${policy.name.slice(0, 64)}: ${wrong.join("; ")}` };
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function isPasswordAge(age: Millis | null): boolean {
  return age === null || isWithin(age, passwordAgeMin, passwordAgeMax);
}

/** As they are compared: lower case, each once, in order. */
function isWordList(words: readonly string[]): boolean {
  return (
    words.length <= policyWordsMax &&
    words.every(
      (word, index) =>
        word.length >= policyWordMin &&
        word.length <= policyWordMax &&
        /^[\p{L}\p{Nd}]+$/u.test(word) &&
        word === word.toLowerCase() &&
        (words[index - 1] ?? "") < word,
    )
  );
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

/** Of a password that is set for somebody else. */
export function checkMustChange(policy: PolicyRow, mustChange: boolean): Refusal | undefined {
  if (mustChange || !policy.mustChange) return undefined;
  return { code: "policy.must-change", detail: policy.name };
}

/** A PIN is too little for whoever manages the system itself. */
export function checkRolesFor(
  policy: PolicyRow,
  roles: readonly RoleAssignment[],
): Refusal | undefined {
  const one = roles.find(({ role }) => isAdministrative(role));
  if (policy.kind !== "panel-pin" || one === undefined) return undefined;
  return { code: "policy.pin-for-administrator", detail: `${policy.name}, ${roleName(one.role)}` };
}

/** When the present password ends under the policy; null where it never does. */
export function passwordEnd(account: AccountRow, policy: PolicyRow | undefined): Instant | null {
  const age = policy?.expiresAfter ?? null;
  return age === null || account.password === null ? null : account.password.changedAt + age;
}

/** Whether the password ends so soon that a sign-in says so; not once it has ended. */
export function endsSoon(account: AccountRow, policy: PolicyRow | undefined, at: Instant): boolean {
  const end = passwordEnd(account, policy);
  return end !== null && policy !== undefined && at < end && at >= end - policy.warnBefore;
}

/** Until when whoever chose the present password has to keep it; undefined: no longer. */
export function keptUntil(
  password: PasswordCredential,
  policy: PolicyRow,
  at: Instant,
): Instant | undefined {
  // What somebody else set is nobody's choice, and an old date in the future is a clock set back.
  if (password.mustChange || at < password.changedAt) return undefined;
  const until = password.changedAt + policy.ageMin;
  return at < until ? until : undefined;
}

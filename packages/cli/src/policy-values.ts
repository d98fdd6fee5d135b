import type { PolicyView, WantedPolicy } from "@gridward/core/api/policy-routes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { nearestWord } from "@gridward/core/base/nearest";
import { failed, type CommandFailure } from "./failure.ts";

type Member = Exclude<keyof WantedPolicy, "create">;

/** One value of a policy, as it is typed and shown. */
interface PolicyKey {
  readonly member: Member;
  readonly form: "kind" | "count" | "time" | "end" | "yes or no" | "words";
  readonly means: string;
}

/** By the word that is typed, in the order in which they are shown. */
export const policyKeys: Readonly<Record<string, PolicyKey>> = {
  kind: { member: "kind", form: "kind", means: "password, or panel-pin: digits, for panels alone" },
  "length-min": { member: "length_min", form: "count", means: "characters at least" },
  "length-max": { member: "length_max", form: "count", means: "characters at most" },
  classes: {
    member: "classes_min",
    form: "count",
    means: "kinds of: lower case, upper case, digit, other",
  },
  words: {
    member: "words",
    form: "words",
    means: "words refused beside the block list",
  },
  history: { member: "history", form: "count", means: "earlier passwords that are refused" },
  "age-min": { member: "age_min_s", form: "time", means: "kept for so long by who chose it" },
  expires: { member: "expires_after_s", form: "end", means: "a password is good for so long" },
  warn: {
    member: "warn_before_s",
    form: "time",
    means: "so long before the end a sign-in says so",
  },
  grace: {
    member: "grace",
    form: "count",
    means: "sign-ins after the end, to change it",
  },
  "must-change": {
    member: "must_change",
    form: "yes or no",
    means: "what somebody else set must be changed",
  },
  attempts: {
    member: "attempts",
    form: "count",
    means: "failures in the window that lock an account",
  },
  "source-attempts": {
    member: "source_attempts",
    form: "count",
    means: "the same that lock an address out; 0: off",
  },
  window: { member: "window_s", form: "time", means: "failures count together for so long" },
  lock: { member: "lock_s", form: "time", means: "a lock-out lasts so long" },
};

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `key=value` words as the body of an order; what is wrong is named, with the form it should have. */
export function readPolicyPairs(
  pairs: Readonly<Record<string, string>>,
): Result<WantedPolicy, CommandFailure> {
  let wanted: WantedPolicy = {};
  for (const [word, text] of Object.entries(pairs)) {
    const key = policyKeys[word];
    if (key === undefined) return failed("client.wrong-use", unknownKey(word));
    const value = readValue(key, text.trim());
    if (!value.ok) return failed("client.wrong-use", `${word}=${text}: ${value.error}`);
    wanted = { ...wanted, ...value.value };
  }
  return ok(wanted);
}

function unknownKey(word: string): string {
  const meant = nearestWord(word, Object.keys(policyKeys));
  return `there is no ${word}; perhaps ${meant} is meant, of ${Object.keys(policyKeys).join(", ")}`;
}

function readValue({ member, form }: PolicyKey, text: string): Result<WantedPolicy, string> {
  switch (form) {
    case "kind":
      return text === "password" || text === "panel-pin"
        ? ok({ kind: text })
        : err("password or panel-pin");
    case "count":
      return /^\d{1,6}$/.test(text) ? ok({ [member]: Number(text) }) : err("a whole number");
    case "time": {
      const seconds = readSeconds(text);
      return seconds === undefined ? err(timeForm) : ok({ [member]: seconds });
    }
    case "end": {
      if (text === "never") return ok({ [member]: null });
      const seconds = readSeconds(text);
      return seconds === undefined ? err(`${timeForm}, or never`) : ok({ [member]: seconds });
    }
    case "yes or no":
      return text === "yes" || text === "no" ? ok({ [member]: text === "yes" }) : err("yes or no");
    case "words":
      return ok({ words: text === "" ? [] : text.split(",").map((word) => word.trim()) });
  }
}

const timeForm = "a number with its unit, such as 30s, 10m, 12h or 90d";

function readSeconds(text: string): number | undefined {
  if (text === "0") return 0;
  const [, digits, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const size = units[unit];
  return digits === undefined || size === undefined ? undefined : Number(digits) * size;
}

/** As it could be typed again. */
export function showPolicyValue({ member, form }: PolicyKey, policy: PolicyView): string {
  const value = policy[member];
  if (value === null) return "never";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "object") return value.join(",");
  if (typeof value === "string" || form === "count") return String(value);
  return showSeconds(value);
}

function showSeconds(seconds: number): string {
  const unit = ["d", "h", "m"].find((each) => seconds % (units[each] ?? 1) === 0) ?? "s";
  return seconds === 0 ? "0" : `${seconds / (units[unit] ?? 1)}${unit}`;
}

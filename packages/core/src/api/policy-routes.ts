import * as z from "zod";
import { byName, changeAnswer, commandQuery, noBody, noParams, noQuery } from "./route.ts";
import type { Route } from "./route.ts";

const kind = z.enum(["password", "panel-pin"]);
const count = z.int().min(0).max(1_000_000);
/** Seconds; what is longer than ten years is refused by the domain. */
const seconds = z.int().min(0).max(1_000_000_000);
/** More than the domain allows, so that its refusal is heard. */
const wordsMax = 1_024;

const policy = z.object({
  name: z.string(),
  kind,
  length_min: z.int(),
  length_max: z.int(),
  /** How many of lower case, upper case, digit, other must occur. */
  classes_min: z.int(),
  /** Words of the site that are refused like those of the block list. */
  words: z.array(z.string()).readonly(),
  history: z.int(),
  /** 0: a password may be changed again at once. */
  age_min_s: z.int(),
  expires_after_s: z.int().nullable(),
  /** 0: nobody is warned. */
  warn_before_s: z.int(),
  grace: z.int(),
  must_change: z.boolean(),
  attempts: z.int(),
  /** 0: failures from one address are not counted. */
  source_attempts: z.int(),
  window_s: z.int(),
  lock_s: z.int(),
});

const wanted = z.strictObject({
  /** The policy is made, from the values of the first one; it must not be there yet. */
  create: z.boolean().optional(),
  kind: kind.optional(),
  length_min: count.optional(),
  length_max: count.optional(),
  classes_min: count.optional(),
  words: z.array(z.string().min(1).max(256)).max(wordsMax).optional(),
  history: count.optional(),
  age_min_s: seconds.optional(),
  expires_after_s: seconds.nullable().optional(),
  warn_before_s: seconds.optional(),
  grace: count.optional(),
  must_change: z.boolean().optional(),
  attempts: count.optional(),
  source_attempts: count.optional(),
  window_s: seconds.optional(),
  lock_s: seconds.optional(),
});

/** How many there are, and the first of their names. */
const named = z.object({ count: z.int(), names: z.array(z.string()).readonly() });

const look = { method: "GET", query: noQuery, body: noBody, access: "person" } as const;

/** Password policies (AM3). */
export const policyRoutes = {
  policyList: {
    ...look,
    path: "/v1/policies",
    summary: "List password policies",
    params: noParams,
    answer: z.object({ rows: z.array(policy).readonly() }),
  },
  policyShow: {
    ...look,
    path: "/v1/policies/{name}",
    summary: "Show one password policy",
    params: byName,
    answer: policy,
  },
  policySet: {
    method: "PATCH",
    path: "/v1/policies/{name}",
    summary: "Change values of a password policy, or make one, and tell whom it concerns",
    access: "administer accounts",
    params: byName,
    query: commandQuery,
    body: wanted,
    answer: z.object({
      ...changeAnswer.shape,
      /** Null where it is new. */
      before: policy.nullable(),
      after: policy,
      /** How many accounts have it. */
      accounts: z.int(),
      /** Good until now, expired with it. */
      expires: named,
      /** Told from now on that the end is near. */
      warns: named,
      /** Expired until now, good with it. */
      revives: named,
    }),
  },
} as const satisfies Record<string, Route>;

export type PolicyView = z.infer<typeof policy>;
export type WantedPolicy = z.infer<typeof wanted>;
export type PolicyAnswer = z.infer<typeof policyRoutes.policySet.answer>;

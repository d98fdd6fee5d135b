import { policyRoutes, type PolicyView, type WantedPolicy } from "@gridward/core/api/policy-routes";
import { assert, err, ok, type Result } from "@gridward/core/base/result";
import { second, type Millis } from "@gridward/core/base/time";
import { firstPolicy, seedPolicies } from "@gridward/core/domain/policies";
import { policyOutlook } from "@gridward/core/domain/policy-outlook";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { PolicyRow } from "@gridward/core/domain/types";
import type { DeskParts } from "./desk-parts.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { giveOrder } from "./order.ts";

/** Names told at once; a change for everybody has thousands, and their count says enough. */
const namesMax = 100;

/** Password policies; see `policyRoutes` for what each does. */
export function policyEndpoints({
  front,
}: Pick<DeskParts, "front">): Readonly<Record<keyof typeof policyRoutes, Endpoint>> {
  return {
    policyList: endpoint(policyRoutes.policyList, () => {
      const policies = [...front.state().tables.policies.values()];
      policies.sort((left, right) => (left.name < right.name ? -1 : 1));
      return ok({ rows: policies.map(showPolicy) });
    }),
    policyShow: endpoint(policyRoutes.policyShow, ({ params }) => {
      const policy = front.state().tables.policies.get(params.name);
      if (policy === undefined) return err({ code: "policy.not-found", detail: params.name });
      return ok(showPolicy(policy));
    }),
    policySet: endpoint(policyRoutes.policySet, async ({ params, query, body }, caller) => {
      const state = front.state();
      const before = state.tables.policies.get(params.name) ?? null;
      const policy = wantedPolicy(state, params.name, body);
      if (!policy.ok) return policy;
      const outlook = policyOutlook(state, policy.value, front.now());
      const command = { kind: "set-policy", policy: policy.value } as const;
      const done = await giveOrder(front, { command, caller, dryRun: query.dry_run });
      if (!done.ok) return done;
      return ok({
        ...done.value,
        before: before && showPolicy(before),
        after: showPolicy(policy.value),
        accounts: outlook.accounts,
        expires: showNames(outlook.expires),
        warns: showNames(outlook.warns),
        revives: showNames(outlook.revives),
      });
    }),
  };
}

/** What is not said stays; of a new policy it is as in the seed of its kind. */
function wantedPolicy(
  state: DirectoryState,
  name: string,
  wanted: WantedPolicy,
): Result<PolicyRow, Refusal> {
  const present = state.tables.policies.get(name);
  const isNew = wanted.create === true;
  if (isNew && present !== undefined) return refuse("policy.exists", name);
  if (!isNew && present === undefined) return refuse("policy.not-found", name);
  const base = present ?? seedOf(wanted.kind ?? "password");
  const { kind = base.kind } = wanted;
  return ok({
    name,
    kind,
    ...choiceOf(wanted, base),
    ...lifeOf(wanted, base),
    ...lockOutOf(wanted, base),
  });
}

/** What may be chosen. */
function choiceOf(wanted: WantedPolicy, base: PolicyRow) {
  return {
    lengthMin: wanted.length_min ?? base.lengthMin,
    lengthMax: wanted.length_max ?? base.lengthMax,
    classesMin: wanted.classes_min ?? base.classesMin,
    words: wanted.words === undefined ? base.words : asWordList(wanted.words),
    history: wanted.history ?? base.history,
  };
}

/** How long a password is good, and what comes then. */
function lifeOf(wanted: WantedPolicy, base: PolicyRow) {
  const { expires_after_s: end } = wanted;
  return {
    ageMin: millis(wanted.age_min_s) ?? base.ageMin,
    expiresAfter: end === null ? null : (millis(end) ?? base.expiresAfter),
    warnBefore: millis(wanted.warn_before_s) ?? base.warnBefore,
    grace: wanted.grace ?? base.grace,
    mustChange: wanted.must_change ?? base.mustChange,
  };
}

function lockOutOf(wanted: WantedPolicy, base: PolicyRow) {
  return {
    attempts: wanted.attempts ?? base.attempts,
    sourceAttempts: wanted.source_attempts ?? base.sourceAttempts,
    window: millis(wanted.window_s) ?? base.window,
    lockFor: millis(wanted.lock_s) ?? base.lockFor,
  };
}

function seedOf(kind: PolicyRow["kind"]): PolicyRow {
  const seed =
    seedPolicies.find((policy) => policy.kind === kind && policy.name === firstPolicy) ??
    seedPolicies.find((policy) => policy.kind === kind);
  assert(seed !== undefined, `a policy of the kind ${kind} is among the first ones`);
  return seed;
}

function asWordList(words: readonly string[]): readonly string[] {
  return [...new Set(words.map((word) => word.toLowerCase()))].toSorted();
}

function millis(seconds: number | undefined): Millis | undefined {
  return seconds === undefined ? undefined : seconds * second;
}

function showNames(names: readonly string[]) {
  return { count: names.length, names: names.slice(0, namesMax) };
}

function showPolicy(policy: PolicyRow): PolicyView {
  const { expiresAfter } = policy;
  return {
    name: policy.name,
    kind: policy.kind,
    length_min: policy.lengthMin,
    length_max: policy.lengthMax,
    classes_min: policy.classesMin,
    words: policy.words,
    history: policy.history,
    age_min_s: inSeconds(policy.ageMin),
    expires_after_s: expiresAfter === null ? null : inSeconds(expiresAfter),
    warn_before_s: inSeconds(policy.warnBefore),
    grace: policy.grace,
    must_change: policy.mustChange,
    attempts: policy.attempts,
    source_attempts: policy.sourceAttempts,
    window_s: inSeconds(policy.window),
    lock_s: inSeconds(policy.lockFor),
  };
}

function inSeconds(duration: Millis): number {
  return Math.round(duration / second);
}

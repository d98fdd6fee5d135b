import assert from "node:assert/strict";
import { test } from "node:test";
import { policyRoutes } from "@gridward/core/api/policy-routes";
import { accountId, sealed } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { Actor } from "@gridward/core/domain/types";
import { freshRequestId } from "@gridward/runtime/os/random";
import { aDesk } from "./a-desk.ts";
import { policyEndpoints } from "./policy-endpoints.ts";

const id = accountId("01ADMIN0000000000000000000");
const actor: Actor = { kind: "account", id, name: "admin", door: "https", source: "" };

function aDeskOfPolicies() {
  const desk = aDesk();
  const password = { verifier: sealed("v"), length: 20, classes: 4, repeats: false };
  desk.order(actor, { kind: "change-password", id, password });
  const caller = { session: null, actor, client: null, objection: () => null, begunUnder: null };
  const set = async (name: string, body: object, isTry = false) => {
    const query = isTry ? { dry_run: "true" } : {};
    const raw = { params: { name }, query, body };
    const { policySet } = policyEndpoints(desk);
    return policySet.run(raw, { ...caller, requestId: freshRequestId() });
  };
  return { desk, set };
}

function codeOf(result: Result<unknown, Refusal>): string {
  return result.ok ? "accepted" : result.error.code;
}

test("[DESK15][AM3] what is not said of a policy stays, and a try changes nothing", async () => {
  const { desk, set } = aDeskOfPolicies();
  const utility = () => desk.front.state().tables.policies.get("utility");
  const before = utility();
  const tried = await set("utility", { length_min: 12, words: ["Hill", "hill", "abb"] }, true);
  assert.ok(tried.ok);
  const answer = policyRoutes.policySet.answer.parse(tried.value);
  assert.deepEqual([answer.dry_run, answer.accounts, answer.expires.count], [true, 1, 0]);
  assert.deepEqual(utility(), before);
  assert.equal(
    codeOf(await set("utility", { length_min: 12, words: ["Hill", "hill", "abb"] })),
    "accepted",
  );
  assert.deepEqual(utility(), { ...before, lengthMin: 12, words: ["abb", "hill"] });
  assert.equal(codeOf(await set("utility", { expires_after_s: null })), "accepted");
  assert.equal(utility()?.expiresAfter, null);
});

test("[DESK15][AM3] a policy is made only where that is said, from the first one of its kind", async () => {
  const { desk, set } = aDeskOfPolicies();
  assert.equal(codeOf(await set("bay", { history: 1 })), "policy.not-found");
  assert.equal(codeOf(await set("utility", { create: true })), "policy.exists");
  assert.equal(codeOf(await set("bay", { create: true, kind: "panel-pin" })), "accepted");
  assert.equal(desk.front.state().tables.policies.get("bay")?.lengthMax, 12);
  assert.equal(codeOf(await set("bay", { kind: "password", classes_min: 1 })), "policy.kind-fixed");
  assert.equal(codeOf(await set("Bay 2", { create: true })), "policy.bad-value");
  assert.equal(codeOf(await set("utility", { colour: "red" })), "request.malformed");
  assert.equal(codeOf(await set("utility", { attempts: 1.5 })), "request.malformed");
});

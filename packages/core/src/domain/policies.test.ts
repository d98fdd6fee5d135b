import assert from "node:assert/strict";
import { test } from "node:test";
import { accountId, sealed } from "../base/identity.ts";
import { day, hour, minute } from "../base/time.ts";
import {
  aNewPassword,
  anActor,
  aRole,
  aStation,
  aSystem,
  createAccount,
  noon,
  type World,
} from "./fixtures.ts";
import { checkPolicy, seedPolicies } from "./policies.ts";
import { policyOutlook } from "./policy-outlook.ts";
import { judgeMembers } from "./projection.ts";
import { roleIds } from "./roles.ts";
import type { PolicyRow } from "./types.ts";

const admin = accountId("admin");

function seed(name: string): PolicyRow {
  const policy = seedPolicies.find((each) => each.name === name);
  assert.ok(policy !== undefined);
  return policy;
}

/** Sets the policy of the accounts in these tests, changed. */
function setUtility(world: World, changes: Partial<PolicyRow>, at = noon): string {
  return world.codeOf({ kind: "set-policy", policy: { ...seed("utility"), ...changes } }, { at });
}

test("[PL1][AM3] one's own choice is kept for the minimum age, and nothing else is", () => {
  const world = aStation();
  assert.equal(setUtility(world, { ageMin: day }), "accepted");
  const change = (at: number, name = `of ${at}`): string =>
    world.codeOf(
      { kind: "change-password", id: world.anna, password: aNewPassword(name) },
      { actor: anActor("anna"), at },
    );
  assert.equal(change(noon + day - 1), "password.too-young");
  assert.equal(change(noon + day), "accepted");
  assert.equal(change(noon + day + hour), "password.too-young");
  assert.equal(change(noon), "accepted"); // The clock was set back: nobody waits for the old one.
  const set = aNewPassword("set");
  world.must({ kind: "set-password", id: world.anna, password: set, mustChange: true });
  assert.equal(change(noon + 1), "accepted");
  const expiresAt = noon + hour;
  world.must({ kind: "issue-code", id: world.anna, verifier: sealed("code"), expiresAt });
  assert.equal(change(noon + 2), "accepted");
  assert.equal(change(noon + 3), "password.too-young");
  const again = aNewPassword("an administrator's");
  world.must({ kind: "set-password", id: world.anna, password: again, mustChange: false });
});

test("[PL2][AM3] where the policy has it so, what somebody else set must be changed", () => {
  const world = aStation();
  assert.equal(setUtility(world, { mustChange: true }), "accepted");
  const set = (mustChange: boolean): string =>
    world.codeOf({ kind: "set-password", id: world.anna, password: aNewPassword(), mustChange });
  assert.deepEqual([set(false), set(true)], ["policy.must-change", "accepted"]);
  const create = (mustChange: boolean): string =>
    world.codeOf(createAccount("berta", { mustChange }));
  assert.deepEqual([create(false), create(true)], ["policy.must-change", "accepted"]);
});

test("[PL3][AM3][AM8] no policy is set by which the last administrators could not sign in", () => {
  const world = aSystem();
  const at = noon + 100 * day;
  assert.equal(setUtility(world, { expiresAfter: 99 * day }, at), "policy.no-administrator-left");
  assert.equal(setUtility(world, { expiresAfter: 101 * day }, at), "accepted");
  world.must(createAccount("sara", { roles: [aRole(roleIds.SECADM)], policy: "modern" }));
  assert.equal(setUtility(world, { expiresAfter: 99 * day }, at), "accepted");
  const sara = accountId("sara");
  const utility = { kind: "update-account", id: sara, policy: "utility" } as const;
  assert.equal(world.codeOf(utility, { at, actor: anActor("sara") }), lastOne);
  world.must({ kind: "change-password", id: admin, password: aNewPassword("new") }, { at });
  assert.equal(world.codeOf(utility, { at }), "accepted");
});

const lastOne = "account.last-security-administrator";

test("[PL3] where nobody can sign in any more, a policy that changes that is set", () => {
  const world = aSystem();
  const at = noon + 500 * day;
  assert.equal(setUtility(world, { expiresAfter: 600 * day }, at), "accepted");
});

test("[PL4][AM3] a policy for PINs stays one, and is not for administrators nor for replicas", () => {
  const world = aStation();
  const pin = seed("panel-pin");
  const kinds = [
    { ...pin, kind: "password" },
    { ...seed("utility"), kind: "panel-pin", classesMin: 1 },
  ] as const;
  for (const policy of kinds) {
    assert.equal(world.codeOf({ kind: "set-policy", policy }), "policy.kind-fixed");
  }
  const secadm = [aRole(roleIds.SECADM)];
  const refused = "policy.pin-for-administrator";
  assert.equal(world.codeOf(createAccount("sara", { roles: secadm, policy: pin.name })), refused);
  world.must({ kind: "update-account", id: world.anna, policy: pin.name });
  const promote = { kind: "update-account", id: world.anna, roles: secadm } as const;
  assert.equal(world.codeOf(promote), refused);
  const [anna] = judgeMembers(world.state, world.group);
  assert.equal(anna?.reason, "has a PIN for panels, which no replica holds");
  assert.equal(anna.replicated, false);
});

test("[PL5][AM3] it is told whose password expires, who is warned, and whose is good again", () => {
  const world = aStation();
  const at = noon + 100 * day;
  world.must(createAccount("berta"), { at: noon + 40 * day });
  world.must(createAccount("carl"), { at: noon + 90 * day });
  world.must(createAccount("dora", { policy: "modern" }));
  world.must(createAccount("empty", { password: null }));
  const expiresAfter = 70 * day;
  const shorter = { ...seed("utility"), expiresAfter, warnBefore: 20 * day };
  const outlook = policyOutlook(world.state, shorter, at);
  assert.deepEqual(outlook, {
    accounts: 5,
    expires: ["admin", "anna"],
    warns: ["berta"],
    revives: [],
  });
  world.must({ kind: "change-password", id: admin, password: aNewPassword("new") }, { at });
  world.must({ kind: "set-policy", policy: shorter }, { at });
  assert.deepEqual(policyOutlook(world.state, seed("utility"), at).revives, ["anna"]);
});

const wordRule = "words are at most 256, of 3 to 64 letters and digits";

test("[PL6][AM3] values that contradict one another are refused by the rule that they break", () => {
  const utility = seed("utility");
  const cases: readonly (readonly [Partial<PolicyRow>, string])[] = [
    [
      { ageMin: day, expiresAfter: day, warnBefore: 0 },
      "age-min is at most 365d, and less than expires",
    ],
    [{ warnBefore: 456 * day }, "warn is at most expires"],
    [{ lengthMin: 129 }, "length-min is 4 to length-max"],
    [{ grace: 11 }, "grace is 0 to 10"],
    [{ sourceAttempts: 10_001 }, "source-attempts is at most 10000"],
    [{ words: ["Upper"] }, wordRule],
    [{ words: ["zebra", "apple"] }, wordRule],
    [{ words: ["ab"] }, wordRule],
    [{ words: ["two words"] }, wordRule],
    [{ window: minute + 0.5 }, "window is 10s to 1d"],
    [{ kind: "panel-pin" }, "classes is 0 to 4, and of a PIN 1 at most"],
  ];
  for (const [changes, rule] of cases) {
    const refusal = checkPolicy({ ...utility, ...changes });
    assert.deepEqual(refusal, { code: "policy.bad-value", detail: `utility: ${rule}` });
  }
  assert.equal(checkPolicy({ ...utility, expiresAfter: null, warnBefore: 3_660 * day }), undefined);
});

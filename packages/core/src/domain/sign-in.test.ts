import assert from "node:assert/strict";
import { test } from "node:test";
import { accountId, nodeId, sealed } from "../base/identity.ts";
import { day, hour, minute } from "../base/time.ts";
import {
  aNewPassword,
  aRole,
  aStation,
  aSystem,
  createAccount,
  noon,
  serverA,
} from "./fixtures.ts";
import { countersResetBy, countFailure, isBlockedAt, type FailureCounter } from "./lock-out.ts";
import { seedPolicies } from "./policies.ts";
import { publicRefusal } from "./refusal.ts";
import { roleIds } from "./roles.ts";
import { findSecurityEvent, securityEvents } from "./security-event.ts";
import type { ServerCondition } from "./server-status.ts";
import {
  beginSignIn,
  concludeSignIn,
  type Proof,
  type SignInMoment,
  type SignInOutcome,
  type SignInQuestion,
} from "./sign-in.ts";
import type { DirectoryState } from "./state.ts";
import type { Door } from "./types.ts";

function aCondition(changes: Partial<ServerCondition> = {}): ServerCondition {
  return {
    node: nodeId("A"),
    duty: "main",
    state: "main-protected",
    canSignIn: true,
    fresh: true,
    ageMs: 0,
    at: noon,
    ...changes,
  };
}

interface Try {
  readonly name?: string;
  readonly proof: Proof;
  readonly door?: Door;
  readonly counter?: FailureCounter;
  readonly moment?: Partial<SignInMoment>;
  readonly question?: Partial<SignInQuestion>;
  readonly condition?: Partial<ServerCondition>;
}

function signIn(state: DirectoryState, wanted: Try): SignInOutcome {
  const { name = "anna", proof, door = "https", counter } = wanted;
  const condition = aCondition(wanted.condition);
  const question = { door, name, source: "192.0.2.1", ...wanted.question };
  const start = beginSignIn(state, condition, question);
  assert.ok(start.kind === "verify");
  const moment = { state, condition, counter, question, ...wanted.moment };
  return concludeSignIn(start.verification, proof, moment);
}

/** Outcome, event and, for a refusal, its code for the audit trail. */
function brief({ answer, event }: SignInOutcome): readonly unknown[] {
  return answer.outcome === "accepted"
    ? ["accepted", event.event]
    : [answer.outcome, event.event, event.reason];
}

test("[SI1][AM10] strangers cannot tell why, and each reason asks for one hash", () => {
  const world = aStation();
  world.must(createAccount("disabled"));
  world.must({ kind: "disable-account", id: accountId("disabled") });
  world.must(createAccount("locked"));
  const until = noon + hour;
  world.must({ kind: "lock-account", id: accountId("locked"), until }, { actor: serverA });
  world.must(createAccount("over", { roles: [aRole(roleIds.OPERATOR, { notAfter: noon })] }));
  const tries: readonly (readonly [Try, string, number])[] = [
    [{ name: "nobody", proof: "none" }, "credential.unknown-account", 1120],
    [{ name: "nobody", proof: "password" }, "credential.unknown-account", 1120],
    [{ name: "no/name", proof: "none" }, "credential.unknown-account", 1120],
    [{ name: "anna", proof: "none" }, "credential.rejected", 1130],
    [{ name: "disabled", proof: "password" }, "account.disabled", 1130],
    [{ name: "locked", proof: "password" }, "account.locked", 1170],
    [{ name: "over", proof: "password" }, "account.expired", 1130],
  ];
  for (const door of ["ldap", "https", "device"] as const) {
    for (const [wanted, code, event] of tries) {
      const { answer } = signIn(world.state, { ...wanted, door });
      assert.ok(answer.outcome === "refused");
      assert.deepEqual([answer.refusal.code, answer.event], [code, event]);
      const heard = publicRefusal(answer.refusal);
      assert.deepEqual(heard, { code: "credential.rejected", detail: "" });
    }
  }
  const known = beginSignIn(world.state, aCondition(), { door: "ldap", name: "anna", source: "" });
  const unknown = beginSignIn(world.state, aCondition(), { door: "ldap", name: "x", source: "" });
  assert.deepEqual([known.kind, unknown.kind], ["verify", "verify"]);
});

test("[SI1] names are found in any case", () => {
  const start = beginSignIn(aStation().state, aCondition(), {
    door: "ldap",
    name: " ANNA",
    source: "",
  });
  assert.deepEqual(start, {
    kind: "verify",
    verification: { account: "anna", password: "anna's", code: null },
  });
});

test("[SI2] a server without a complete or a young enough database answers unavailable", () => {
  const { state } = aStation();
  const question = { door: "ldap", name: "anna", source: "" } as const;
  const conditions: readonly Partial<ServerCondition>[] = [
    { canSignIn: false },
    { fresh: false, ageMs: 14 * day + 1 },
  ];
  for (const condition of conditions) {
    const start = beginSignIn(state, aCondition(condition), question);
    assert.ok(start.kind === "answered" && start.answer.outcome === "unavailable");
    assert.equal(start.answer.refusal.code, "server.unavailable");
  }
  const old = aCondition({ fresh: false, ageMs: 14 * day });
  assert.equal(beginSignIn(state, old, question).kind, "verify");
});

test("[SI3][DV1] a stale server accepts and says so, and sends its refusals as unavailable", () => {
  const { state } = aStation();
  const condition = { fresh: false, ageMs: hour };
  const yes = signIn(state, { proof: "password", condition });
  assert.ok(yes.answer.outcome === "accepted");
  assert.equal(yes.answer.fresh, false);
  assert.equal(yes.event.fresh, false);
  for (const name of ["anna", "nobody"]) {
    const no = signIn(state, { name, proof: "none", condition });
    assert.deepEqual(no.answer, {
      outcome: "unavailable",
      refusal: { code: "server.not-fresh", detail: "" },
    });
  }
  assert.equal(signIn(state, { proof: "none", condition }).event.event, 1130);
});

test("[SI4][DV13] the third failure blocks here at once and asks for a lock everywhere", () => {
  const { state } = aStation();
  let counter: FailureCounter | undefined;
  const events: unknown[] = [];
  for (const minutes of [0, 1, 2]) {
    const condition = { at: noon + minutes * minute };
    const outcome = signIn(state, { proof: "none", condition, ...(counter && { counter }) });
    assert.ok(typeof outcome.counter === "object");
    counter = outcome.counter;
    events.push([outcome.event.event, outcome.lock?.until ?? null]);
  }
  assert.deepEqual(events, [
    [1130, null],
    [1130, null],
    [1170, noon + 12 * minute],
  ]);
  assert.ok(counter !== undefined);
  const blocked = signIn(state, {
    proof: "password",
    counter,
    condition: { at: noon + 11 * minute },
  });
  assert.deepEqual(brief(blocked), ["refused", 1170, "account.locked"]);
  assert.equal(blocked.counter, "keep");
  const later = signIn(state, {
    proof: "password",
    counter,
    condition: { at: noon + 12 * minute },
  });
  assert.deepEqual(brief(later), ["accepted", 1110]);
});

test("[SI4] a stale server counts and blocks as well", () => {
  const { state } = aStation();
  const counter = { failures: 2, since: noon, blockedUntil: null };
  const outcome = signIn(state, { proof: "none", counter, condition: { fresh: false, ageMs: 1 } });
  assert.equal(outcome.answer.outcome, "unavailable");
  assert.equal(outcome.event.event, 1170);
  assert.ok(outcome.lock !== null);
});

test("[SI5] a success drops the counter; only a wrong credential raises it", () => {
  const world = aStation();
  const counter = { failures: 1, since: noon, blockedUntil: null };
  assert.equal(signIn(world.state, { proof: "password", counter }).counter, "drop");
  world.must({ kind: "disable-account", id: world.anna });
  assert.equal(signIn(world.state, { proof: "none", counter }).counter, "keep");
});

test("[SI6] a one-time code admits to a change of password only, while it is in its time", () => {
  const world = aSystem();
  world.must(createAccount("berta", { password: null }));
  const id = accountId("berta");
  const expiresAt = noon + hour;
  world.must({ kind: "issue-code", id, verifier: sealed("code"), expiresAt });
  const good = signIn(world.state, { name: "berta", proof: "code" });
  assert.ok(good.answer.outcome === "accepted" && good.answer.mustChange);
  const condition = { at: expiresAt };
  const late = signIn(world.state, { name: "berta", proof: "code", condition });
  assert.deepEqual(brief(late), ["refused", 1130, "credential.code-expired"]);
});

test("[SI7][AM3] an expired password is refused, as is one that must change where it cannot", () => {
  const world = aStation();
  const at = noon + 455 * day;
  const just = signIn(world.state, { proof: "password", condition: { at: at - 1 } });
  assert.ok(just.answer.outcome === "accepted");
  assert.equal(just.answer.expiresAt, at);
  const [utility] = seedPolicies;
  assert.ok(utility !== undefined);
  world.must({ kind: "set-policy", policy: { ...utility, grace: 0 } });
  const expired = signIn(world.state, { proof: "password", condition: { at } });
  assert.deepEqual(brief(expired), ["refused", 1150, "password.expired"]);
  const password = aNewPassword("set");
  world.must({ kind: "set-password", id: world.anna, password, mustChange: true });
  const mustChange = (door: Door): readonly unknown[] =>
    brief(signIn(world.state, { proof: "password", door }));
  assert.deepEqual(mustChange("ldap"), ["refused", 1150, "password.must-change"]);
  assert.deepEqual(mustChange("https"), ["accepted", 1115]);
  assert.deepEqual(mustChange("device"), ["accepted", 1115]);
});

test("[SI8][EV1][DV6] each outcome's event is in the catalogue with its acronym", () => {
  assert.equal(findSecurityEvent(1110)?.acronym, "LOGIN_OK");
  assert.equal(findSecurityEvent(1170)?.gsal, "AuthFail");
  assert.equal(findSecurityEvent(2210)?.gsal, "Ina");
  assert.equal(findSecurityEvent(1), undefined);
  const unverified = Object.entries(securityEvents).filter(([, { isVerified }]) => !isVerified);
  assert.deepEqual(
    unverified.map(([event]) => event),
    ["2235", "3810"],
  );
  const acronyms = Object.values(securityEvents).map(({ acronym }) => acronym);
  assert.equal(new Set(acronyms).size, acronyms.length);
});

test("[SI9] a credential replaced while its hash was verified proves nothing", () => {
  const world = aStation();
  const condition = aCondition();
  const question = { door: "https", name: "anna", source: "" } as const;
  const start = beginSignIn(world.state, condition, question);
  assert.ok(start.kind === "verify");
  const password = aNewPassword("new");
  world.must({ kind: "set-password", id: world.anna, password, mustChange: false });
  const moment = { state: world.state, condition, counter: undefined, question };
  const outcome = concludeSignIn(start.verification, "password", moment);
  assert.deepEqual(brief(outcome), ["refused", 1130, "credential.rejected"]);
  world.must({ kind: "delete-account", id: world.anna });
  const gone = concludeSignIn(start.verification, "password", { ...moment, state: world.state });
  assert.deepEqual(brief(gone), ["refused", 1120, "credential.unknown-account"]);
});

test("[SI8][AM2] only roles within their dates come with an accepted sign-in", () => {
  const world = aSystem();
  const later = aRole(roleIds.ENGINEER, { notBefore: noon + hour });
  world.must(createAccount("carl", { roles: [aRole(roleIds.VIEWER), later] }));
  const { answer } = signIn(world.state, { name: "carl", proof: "password" });
  assert.ok(answer.outcome === "accepted");
  assert.deepEqual(answer.roles, [aRole(roleIds.VIEWER)]);
});

const [policy] = seedPolicies;
assert.ok(policy !== undefined);

test("[LO1][DV13] at the limit the account is blocked until the policy's time is over", () => {
  const one = countFailure(undefined, policy, noon);
  const two = countFailure(one, policy, noon + 1);
  const three = countFailure(two, policy, noon + 2);
  assert.deepEqual([one.failures, two.failures, three.failures], [1, 2, 3]);
  assert.deepEqual(
    [one, two].map((counter) => isBlockedAt(counter, noon + 2)),
    [false, false],
  );
  assert.equal(isBlockedAt(three, noon + 1 + policy.lockFor), true);
  assert.equal(isBlockedAt(three, noon + 2 + policy.lockFor), false);
  const single = countFailure(undefined, { ...policy, attempts: 1 }, noon);
  assert.equal(single.blockedUntil, noon + policy.lockFor);
});

test("[LO2][DV13] a run older than the window begins anew, as does one after a block", () => {
  const two = { failures: 2, since: noon, blockedUntil: null };
  assert.equal(countFailure(two, policy, noon + policy.window).failures, 3);
  assert.equal(countFailure(two, policy, noon + policy.window + 1).failures, 1);
  assert.equal(countFailure(two, policy, noon - 1).failures, 1);
  const over = { failures: 3, since: noon, blockedUntil: noon + minute };
  assert.deepEqual(countFailure(over, policy, noon + minute), {
    failures: 1,
    since: noon + minute,
    blockedUntil: null,
  });
});

test("[LO3] an unlock or a deletion drops the counters", () => {
  const id = accountId("anna");
  const facts = [
    { kind: "account-unlocked", id },
    { kind: "account-disabled", id: accountId("b") },
    { kind: "account-deleted", id: accountId("c") },
  ] as const;
  assert.deepEqual(countersResetBy(facts), ["anna", "c"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId, sealed } from "../base/identity.ts";
import { day, hour, minute } from "../base/time.ts";
import { aNewPassword, aStation, createAccount, noon, serverA } from "./fixtures.ts";
import { graceLeft } from "./grace.ts";
import type { FailureCounter } from "./lock-out.ts";
import { seedPolicies } from "./policies.ts";
import {
  beginSignIn,
  concludeSignIn,
  type Proof,
  type SignInMoment,
  type SignInOutcome,
  type SignInQuestion,
} from "./sign-in.ts";
import type { DirectoryState } from "./state.ts";
import type { GraceUse } from "./types.ts";

const [utility] = seedPolicies;
assert.ok(utility !== undefined);

interface Try {
  readonly name?: string;
  readonly proof?: Proof;
  readonly at?: number;
  readonly node?: string;
  readonly question?: Partial<SignInQuestion>;
  readonly moment?: Partial<SignInMoment>;
}

function signIn(state: DirectoryState, wanted: Try = {}): SignInOutcome {
  const { name = "anna", proof = "password", at = noon, node = "A" } = wanted;
  const condition = {
    node: nodeId(node),
    duty: "main",
    state: "main-protected",
    canSignIn: true,
    fresh: true,
    ageMs: 0,
    at,
  } as const;
  const question = { door: "https", name, source: "192.0.2.1", ...wanted.question } as const;
  const start = beginSignIn(state, condition, question);
  assert.ok(start.kind === "verify");
  const moment = { state, condition, counter: undefined, question, ...wanted.moment };
  return concludeSignIn(start.verification, proof, moment);
}

function brief({ answer, event }: SignInOutcome): readonly unknown[] {
  return answer.outcome === "accepted"
    ? ["accepted", event.event, answer.mustChange, answer.graceLeft]
    : [answer.outcome, event.event, event.reason];
}

const end = noon + 455 * day;

test("[SI12][AM3] after the end so many sign-ins are left, of all servers together", () => {
  const world = aStation();
  const used: GraceUse[] = [];
  const onA = (at: number) => signIn(world.state, { at, moment: { graceUsed: used } });
  const first = onA(end);
  assert.deepEqual(brief(first), ["accepted", 1115, true, 2]);
  assert.deepEqual(first.grace, {
    kind: "use-grace",
    id: world.anna,
    version: 1,
    use: { server: "A", at: end },
  });
  used.push(...(first.grace ? [first.grace.use] : []));
  // Of the same moment, before the first one is journalled: another use all the same.
  const second = onA(end);
  assert.deepEqual(brief(second), ["accepted", 1115, true, 1]);
  assert.deepEqual(second.grace?.use, { server: "A", at: end + 1 });
  assert.ok(first.grace && second.grace);
  used.push(second.grace.use);
  world.must(first.grace, { actor: serverA, at: end });
  world.must(second.grace, { actor: serverA, at: end });
  assert.equal(world.codeOf(second.grace, { actor: serverA, at: end }), "account.grace-settled");
  // What is both journalled and counted here counts once; another server knows of the journal.
  assert.deepEqual(brief(onA(end + minute)), ["accepted", 1115, true, 0]);
  const third = signIn(world.state, { at: end + hour, node: "B" });
  assert.deepEqual(brief(third), ["accepted", 1115, true, 0]);
  assert.ok(third.grace);
  world.must(third.grace, { actor: serverA, at: end + hour });
  assert.deepEqual(brief(onA(end + 2 * hour)), ["refused", 1150, "password.expired"]);
  assert.equal(onA(end + 2 * hour).grace, null);
});

test("[SI12][AM3] a new password has nothing used, and a late use of the old one is void", () => {
  const world = aStation();
  const { grace } = signIn(world.state, { at: end });
  assert.ok(grace);
  const password = aNewPassword("new");
  world.must({ kind: "set-password", id: world.anna, password, mustChange: false }, { at: end });
  assert.equal(world.codeOf(grace, { actor: serverA, at: end }), "account.grace-settled");
  assert.equal(graceLeft(world.account("anna"), utility, []), 3);
  world.must({ kind: "delete-account", id: world.anna });
  assert.equal(world.codeOf(grace, { actor: serverA, at: end }), "account.not-found");
});

test("[SI12] a change of the password proves the present one without using any up", () => {
  const { state } = aStation();
  const outcome = signIn(state, { at: end, question: { isForChange: true } });
  assert.deepEqual(brief(outcome), ["accepted", 1115, true, 3]);
  assert.equal(outcome.grace, null);
  const wrong = signIn(state, { at: end, proof: "none" });
  assert.deepEqual(brief(wrong), ["refused", 1130, "credential.rejected"]);
});

test("[SI13][AM3][DV13] an address is refused at its limit, for accounts of that policy alone", () => {
  const world = aStation();
  world.must({ kind: "set-policy", policy: { ...utility, sourceAttempts: 4 } });
  world.must(createAccount("modern", { policy: "modern" }));
  let counter: FailureCounter | undefined;
  const events: number[] = [];
  for (const name of ["anna", "admin", "anna", "admin"]) {
    const outcome = signIn(world.state, {
      name,
      proof: "none",
      moment: { sourceCounter: counter },
    });
    assert.ok(outcome.sourceCounter !== "keep");
    counter = outcome.sourceCounter;
    assert.equal(outcome.lock, null);
    events.push(outcome.event.event);
  }
  assert.deepEqual(events, [1130, 1130, 1130, 1170]);
  const moment = { sourceCounter: counter };
  const blocked = signIn(world.state, { moment });
  assert.deepEqual(brief(blocked), ["refused", 1170, "account.source-blocked"]);
  assert.deepEqual([blocked.counter, blocked.sourceCounter], ["keep", "keep"]);
  const later = signIn(world.state, { moment, at: noon + 10 * minute });
  assert.equal(later.answer.outcome, "accepted");
  assert.equal(later.sourceCounter, "keep");
  // A device is one address for all who stand before it: nobody there locks out the others.
  for (const door of ["local", "device"] as const) {
    const question = { door, accessPoint: "panel" };
    assert.equal(signIn(world.state, { moment, question }).answer.outcome, "accepted");
    const wrong = signIn(world.state, { proof: "none", question });
    assert.equal(wrong.sourceCounter, "keep");
  }
});

test("[SI13] no unknown name is counted, nor anything where the policy counts none", () => {
  const world = aStation();
  const nobody = signIn(world.state, { name: "nobody", proof: "none" });
  assert.equal(nobody.sourceCounter, "keep");
  world.must({ kind: "set-policy", policy: { ...utility, sourceAttempts: 0 } });
  assert.equal(signIn(world.state, { proof: "none" }).sourceCounter, "keep");
});

test("[SI14][AM3] a PIN opens the panel and nothing else; elsewhere no guess is told apart", () => {
  const world = aStation();
  world.must({ kind: "update-account", id: world.anna, policy: "panel-pin" });
  const at = (question: Partial<SignInQuestion>, proof: Proof = "password") =>
    signIn(world.state, { question, proof });
  const panel = { door: "device", accessPoint: "panel" } as const;
  assert.equal(at(panel).answer.outcome, "accepted");
  for (const question of [
    { door: "device", accessPoint: "https" },
    { door: "device" },
    { door: "https" },
    { door: "ldap", mayChange: true },
  ] as const) {
    for (const proof of ["password", "none"] as const) {
      const outcome = at(question, proof);
      assert.deepEqual(brief(outcome), ["refused", 1130, "account.panel-only"]);
      assert.equal(outcome.counter, "keep");
    }
  }
  assert.deepEqual(brief(at(panel, "none")), ["refused", 1130, "credential.rejected"]);
  const code = { verifier: sealed("code"), expiresAt: noon + hour };
  world.must({ kind: "issue-code", id: world.anna, ...code });
  assert.deepEqual(brief(at({ door: "https" }, "code")), ["accepted", 1115, true, null]);
});

test("[SI15][AM3] within the time of warning a sign-in says so", () => {
  const { state } = aStation();
  const warns = (at: number): boolean => {
    const { answer } = signIn(state, { at });
    assert.ok(answer.outcome === "accepted");
    return answer.warns;
  };
  const start = end - utility.warnBefore;
  assert.deepEqual([start - 1, start, end - 1, end].map(warns), [false, true, true, true]);
});

test("[SI16][AM3] over LDAP only who can be told of it is let in to change a password", () => {
  const world = aStation();
  const ldap = (at: number, question: Partial<SignInQuestion> = {}) =>
    brief(signIn(world.state, { at, question: { door: "ldap", ...question } }));
  assert.deepEqual(ldap(end), ["refused", 1150, "password.expired"]);
  assert.deepEqual(ldap(end, { mayChange: true }), ["accepted", 1115, true, 2]);
  const clear = { mayChange: true, isClear: true };
  assert.deepEqual(ldap(end, clear), ["refused", 1150, "password.expired"]);
  const password = aNewPassword("set");
  world.must({ kind: "set-password", id: world.anna, password, mustChange: true });
  assert.deepEqual(ldap(noon), ["refused", 1150, "password.must-change"]);
  assert.deepEqual(ldap(noon, clear), ["refused", 1150, "password.must-change"]);
  assert.deepEqual(ldap(noon, { mayChange: true }), ["accepted", 1115, true, null]);
});

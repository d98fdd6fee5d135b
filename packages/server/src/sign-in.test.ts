import assert from "node:assert/strict";
import { test } from "node:test";
import { accountId, type AccountId, nodeId } from "@gridward/core/base/identity";
import { ok } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { aSystem, createAccount, noon } from "@gridward/core/domain/fixtures";
import type { FailureCounter } from "@gridward/core/domain/lock-out";
import type { SignInAnswer } from "@gridward/core/domain/sign-in-answer";
import type { PasswordHasher } from "@gridward/runtime/os/argon2";
import { freshSystemKey, type SystemKey } from "@gridward/runtime/os/seal";
import { sealPassword } from "./sealed-password.ts";
import { openSignIn } from "./sign-in.ts";

/** A server whose hasher compares in plain sight and counts. */
function aDoor(choice: { readonly key?: SystemKey | null; readonly isBusy?: boolean } = {}) {
  const systemKey = freshSystemKey();
  const world = aSystem();
  const verifier = sealPassword(systemKey, new Secret("good"));
  const password = { verifier, length: 20, classes: 4, repeats: false };
  world.must(createAccount("anna", { password }));
  const counters = new Map<AccountId, FailureCounter>();
  const events: number[] = [];
  const seen = { hashes: 0, events, locks: 0 };
  const hasher: PasswordHasher = {
    dummy: "dummy",
    hash: async () => ok(""),
    raw: async () => ok(new Secret(new Uint8Array())),
    verify: async (expected, typed) => {
      seen.hashes++;
      if (choice.isBusy === true) return { ok: false, error: "overloaded" };
      return ok(expected === typed.reveal());
    },
  };
  const signIn = openSignIn({
    state: () => world.state,
    condition: () => ({
      node: nodeId("A"),
      duty: "main",
      state: "lone",
      canSignIn: true,
      fresh: true,
      ageMs: 0,
      at: noon,
    }),
    hasher,
    systemKey: () => (choice.key === undefined ? systemKey : choice.key),
    counters: {
      get: (account) => counters.get(account),
      set: (account, counter) => void counters.set(account, counter),
      drop: (account) => void counters.delete(account),
    },
    record: ({ event }) => void seen.events.push(event),
    lock: () => void seen.locks++,
  });
  const ask = async (name: string, typed: string): Promise<SignInAnswer> =>
    signIn({ door: "ldap", name, password: new Secret(typed), source: "192.0.2.1" });
  return { ask, seen, counters };
}

test("[SN1][AM10] one hash, whoever asks with whatever", async () => {
  const { ask, seen } = aDoor();
  const outcomes: string[] = [];
  for (const [name, typed] of [
    ["anna", "good"],
    ["anna", "wrong"],
    ["nobody", "good"],
    ["anna", "\u0000"],
  ] as const) {
    outcomes.push((await ask(name, typed)).outcome);
  }
  assert.deepEqual(outcomes, ["accepted", "refused", "refused", "refused"]);
  assert.equal(seen.hashes, 4);
  assert.deepEqual(seen.events.slice(0, 3), [1110, 1130, 1120]);
});

test("[SN2] failures are counted, and the lock is submitted once at the limit", async () => {
  const { ask, seen, counters } = aDoor();
  for (let round = 0; round < 20; round++) await ask("anna", "wrong");
  assert.equal(seen.locks, 1);
  assert.ok(counters.has(accountId("anna")));
  assert.equal((await ask("anna", "good")).outcome, "refused");
});

for (const [what, key] of [
  ["no system key", null],
  ["another system key", freshSystemKey()],
] as const) {
  test(`[SN3] with ${what} a server refuses nobody and counts nothing`, async () => {
    const { ask, seen, counters } = aDoor({ key });
    for (let round = 0; round < 20; round++) {
      assert.equal((await ask("anna", "good")).outcome, "unavailable");
    }
    assert.deepEqual([counters.size, seen.locks, seen.events.length], [0, 0, 0]);
  });
}

test("[SN4] with too many at once the answer is unavailable, and nothing is counted", async () => {
  const { ask, counters } = aDoor({ isBusy: true });
  const answer = await ask("anna", "wrong");
  assert.equal(answer.outcome === "unavailable" && answer.refusal.code, "server.overloaded");
  assert.equal(counters.size, 0);
});

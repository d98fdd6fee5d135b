import assert from "node:assert/strict";
import { test } from "node:test";
import { accountId, sealed } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import { hour } from "@gridward/core/base/time";
import type { Actor } from "@gridward/core/domain/types";
import { aDesk, serverActor, type TestDesk } from "./desk/a-desk.ts";
import { makeNewPassword } from "./desk/new-password.ts";

/** A guess that leaves out the hash, or makes two of them, is off by far more than this. */
const ratioMax = 1.6;
const samples = 11;
/** A burden on the machine that comes and goes with one kind of guess is not there three times. */
const rounds = 3;

test("[SN6][AM10] who guesses learns nothing by the time that the answer takes", async () => {
  const desk = aDesk();
  await addAccounts(desk);
  let last: readonly number[] = [];
  for (let round = 0; round < rounds; round++) {
    last = await mediansOf(desk);
    if (Math.max(...last) / Math.min(...last) < ratioMax) return;
  }
  assert.fail(`${names.join(", ")} took ${last.map((ms) => ms.toFixed(1)).join(", ")} ms`);
});

const names = ["nobody", "known", "locked", "disabled"] as const;

async function addAccounts(desk: TestDesk): Promise<void> {
  const id = accountId("01ADMIN0000000000000000000");
  const admin: Actor = { kind: "account", id, name: "admin", door: "https", source: "" };
  const own = { verifier: sealed("v"), length: 20, classes: 4, repeats: false };
  desk.order(admin, { kind: "change-password", id, password: own });
  const utility = desk.front.state().tables.policies.get("utility");
  assert.ok(utility);
  // So many guesses must not change what "known" is.
  desk.order(admin, { kind: "set-policy", policy: { ...utility, attempts: 100 } });
  for (const name of ["known", "locked", "disabled"]) {
    const owner = { name, policy: "utility", present: null };
    const password = await makeNewPassword(desk, owner, "Meadow-under-3-oaks");
    assert.ok(password.ok);
    desk.order(admin, {
      kind: "create-account",
      id: accountId(name),
      name,
      displayName: name,
      roles: [],
      groups: [],
      policy: "utility",
      password: password.value,
      mustChange: false,
    });
  }
  const until = desk.front.now() + hour;
  desk.order(serverActor, { kind: "lock-account", id: accountId("locked"), until });
  desk.order(admin, { kind: "disable-account", id: accountId("disabled") });
}

/** By turns, so that whatever slows the machine down slows all of them. */
async function mediansOf(desk: TestDesk): Promise<readonly number[]> {
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let sample = 0; sample < samples; sample++) {
    for (const name of names) {
      const start = performance.now();
      const answer = await desk.front.signIn({
        door: "https",
        name,
        password: new Secret(`a wrong guess ${sample}`),
        source: "192.0.2.1",
      });
      times.get(name)?.push(performance.now() - start);
      assert.equal(answer.outcome, "refused");
    }
  }
  return names.map((name) => {
    const sorted = (times.get(name) ?? []).toSorted((left, right) => left - right);
    return sorted[Math.floor(samples / 2)] ?? 0;
  });
}

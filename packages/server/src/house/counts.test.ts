import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { ok } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { day, minute } from "@gridward/core/base/time";
import {
  aNewPassword,
  aStation,
  createAccount,
  noon,
  serverA,
} from "@gridward/core/domain/fixtures";
import { seedPolicies } from "@gridward/core/domain/policies";
import { removePath } from "@gridward/runtime/os/files";
import { freshSystemKey } from "@gridward/runtime/os/seal";
import { sealPassword } from "../sealed-password.ts";
import { openSignIn, type SignInParts } from "../sign-in.ts";
import { openCounts, type Counts } from "./counts.ts";

const [utility] = seedPolicies;
assert.ok(utility !== undefined);
const self = nodeId("A");

/** A server that can be started again over the same files, with a clock that is set. */
function aRestartable(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "gridward-counts-"));
  t.after(() => removePath(directory));
  const systemKey = freshSystemKey();
  const world = aStation();
  for (const name of ["bert", "carl"]) {
    const verifier = sealPassword(systemKey, new Secret("good"));
    world.must(createAccount(name, { password: { ...aNewPassword(), verifier } }));
  }
  const clock = { now: noon };
  const submitted: Parameters<NonNullable<SignInParts["grace"]>["use"]>[0][] = [];
  const start = () => {
    const counts = openCounts(directory);
    const { accounts, sources, grace } = counts;
    const signIn = openSignIn({
      state: () => world.state,
      condition: () => ({
        node: self,
        duty: "main",
        state: "lone",
        canSignIn: true,
        fresh: true,
        ageMs: 0,
        at: clock.now,
      }),
      hasher: {
        dummy: "dummy",
        hash: async () => ok(""),
        raw: async () => ok(new Secret(new Uint8Array())),
        verify: async (expected, typed) => ok(expected === typed.reveal()),
      },
      systemKey: () => systemKey,
      counters: accounts,
      sources,
      grace: {
        usesOf: (account, version) =>
          grace.usesOf(account, version).map((at) => ({ server: self, at })),
        use: (command) => {
          grace.add({ account: command.id, version: command.version, at: command.use.at });
          submitted.push(command);
        },
      },
      record: () => {},
      lock: () => {},
    });
    const ask = async (name: string, password: string, source = "192.0.2.1") => {
      const answer = await signIn({ door: "https", name, password: new Secret(password), source });
      return answer.outcome === "accepted" ? "accepted" : answer.refusal.code;
    };
    return { counts, ask };
  };
  return { world, clock, start, submitted };
}

/** As the composition root does with every entry. */
function heed(counts: Counts, world: ReturnType<typeof aStation>): void {
  assert.ok(world.last);
  counts.heed([world.last]);
}

test("[SN5][AM3][DV13] a restart gives an address no more tries, however it spells its address", async (t) => {
  const { world, clock, start } = aRestartable(t);
  world.must({ kind: "set-policy", policy: { ...utility, sourceAttempts: 3, attempts: 9 } });
  const first = start();
  assert.equal(await first.ask("bert", "wrong"), "credential.rejected");
  assert.equal(await first.ask("carl", "wrong", "::ffff:192.0.2.1"), "credential.rejected");
  assert.equal(await first.ask("carl", "good"), "accepted");
  first.counts.close();
  const again = start();
  assert.equal(await again.ask("bert", "wrong"), "credential.rejected");
  assert.equal(await again.ask("bert", "good"), "account.source-blocked");
  assert.equal(await again.ask("bert", "good", "192.0.2.2"), "accepted");
  assert.equal(await again.ask("nobody", "good"), "credential.unknown-account");
  clock.now += 10 * minute;
  assert.equal(await again.ask("bert", "good"), "accepted");
  again.counts.close();
});

test("[SN5][AM3] a restart gives no more sign-ins after the end, and a new password does", async (t) => {
  const { world, clock, start, submitted } = aRestartable(t);
  clock.now = noon + 455 * day;
  const first = start();
  assert.equal(await first.ask("bert", "good"), "accepted");
  assert.equal(await first.ask("bert", "good"), "accepted");
  first.counts.close();
  const again = start();
  assert.equal(await again.ask("bert", "good"), "accepted");
  assert.equal(await again.ask("bert", "good"), "password.expired");
  assert.equal(again.counts.grace.all().length, 3);
  for (const command of submitted) world.must(command, { actor: serverA, at: clock.now });
  assert.equal(await again.ask("bert", "good"), "password.expired");
  const [use] = submitted;
  assert.ok(use);
  const known = world.account("carl").password;
  assert.ok(known);
  const password = { ...aNewPassword("next"), verifier: known.verifier };
  world.must({ kind: "set-password", id: use.id, password, mustChange: false }, { at: clock.now });
  heed(again.counts, world);
  assert.equal(again.counts.grace.all().length, 0);
  assert.equal(await again.ask("bert", "good"), "accepted");
  again.counts.close();
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { accountId, groupId, sealed } from "../base/identity.ts";
import { hour } from "../base/time.ts";
import { aNewPassword, aRole, aStation, createAccount, noon, serverA } from "./fixtures.ts";
import { judgeMembers, replicatedAccounts } from "./projection.ts";
import { roleIds } from "./roles.ts";
import { accountView, standingOf } from "./views.ts";

type Station = ReturnType<typeof aStation>;

function names(world: Station): readonly string[] {
  return replicatedAccounts(world.state, world.group).map((account) => account.name);
}

test("[RM1][AM4][DV2] denied, disabled, passwordless and administrative accounts stay away", () => {
  const world = aStation();
  const groups = [world.group];
  world.must(createAccount("denied", { groups }));
  world.must({ kind: "deny-in-group", id: world.group, account: accountId("denied") });
  world.must(createAccount("disabled", { groups }));
  world.must({ kind: "disable-account", id: accountId("disabled") });
  world.must(createAccount("empty", { groups, password: null }));
  world.must(createAccount("outsider"));
  for (const role of ["SECADM", "SECAUD", "RBACMNT", "ADMINISTRATOR"] as const) {
    const ended = { notAfter: noon - hour };
    world.must(createAccount(role, { groups, roles: [aRole(roleIds[role], ended)] }));
  }
  assert.deepEqual(names(world), ["anna"]);
  const reasons = judgeMembers(world.state, world.group).map(({ account, reason }) => [
    account.name,
    reason,
  ]);
  assert.deepEqual(reasons.slice(4), [
    ["anna", "replicated"],
    ["denied", "denied in this group"],
    ["disabled", "disabled"],
    ["empty", "has no password"],
  ]);
  assert.equal(reasons[0]?.[1], "has an administrative role and is not admitted");
});

test("[RM2][AM4] deny wins over an admission", () => {
  const world = aStation();
  const berta = accountId("berta");
  world.must(createAccount("berta", { groups: [world.group], roles: [aRole(roleIds.SECADM)] }));
  world.must({ kind: "admit-administrator", id: world.group, account: berta });
  assert.deepEqual(names(world), ["anna", "berta"]);
  world.must({ kind: "deny-in-group", id: world.group, account: berta });
  assert.deepEqual(names(world), ["anna"]);
});

test("[RM3] members come sorted, and a lock does not take them away", () => {
  const world = aStation();
  for (const name of ["zoe", "carl", "berta"]) {
    world.must(createAccount(name, { groups: [world.group] }));
  }
  const until = noon + hour;
  world.must({ kind: "lock-account", id: accountId("zoe"), until }, { actor: serverA });
  assert.deepEqual(names(world), ["anna", "berta", "carl", "zoe"]);
  assert.deepEqual(replicatedAccounts(world.state, groupId("none")), []);
});

test("[VW1][AM1] a view shows the standing and no secret", () => {
  const world = aStation();
  const code = { verifier: sealed("secret code"), expiresAt: noon + hour };
  world.must({ kind: "issue-code", id: world.anna, ...code });
  const password = aNewPassword("secret verifier");
  world.must({ kind: "set-password", id: world.anna, password, mustChange: true });
  world.must({ kind: "issue-code", id: world.anna, ...code });
  const view = accountView(world.state, world.account("anna"), noon);
  assert.doesNotMatch(JSON.stringify(view), /secret|anna's/);
  assert.deepEqual(view.groups, ["bay1"]);
  assert.equal(view.standing, "must change");
  assert.equal(view.codeExpiresAt, noon + hour);
  assert.deepEqual(view.roles, [{ ...aRole(roleIds.OPERATOR), name: "OPERATOR", inForce: true }]);
});

test("[VW1] the standing is one word", () => {
  const world = aStation();
  const standing = (at = noon): string => standingOf(world.state, world.account("anna"), at);
  assert.equal(standing(), "active");
  assert.equal(standing(noon + 500 * 24 * hour), "expired");
  const until = noon + hour;
  world.must({ kind: "lock-account", id: world.anna, until }, { actor: serverA });
  assert.equal(standing(), "locked");
  assert.equal(standing(until), "active");
  world.must({ kind: "disable-account", id: world.anna });
  assert.equal(standing(), "disabled");
});

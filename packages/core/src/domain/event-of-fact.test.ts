import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceId, nodeId } from "../base/identity.ts";
import { eventsOfFact } from "./event-of-fact.ts";
import type { Fact } from "./fact.ts";
import { aRole, aStation, createAccount } from "./fixtures.ts";
import { roleIds } from "./roles.ts";
import { findSecurityEvent } from "./security-event.ts";

test("[EV2][AM7] all that happens to a system is told in the numbers of the catalogue, by names", () => {
  const world = aStation();
  const states = { before: world.state, after: world.state };
  const anna = world.anna;
  const told = (fact: Fact) => eventsOfFact(fact, states);
  assert.deepEqual(told({ kind: "account-disabled", id: anna }), [[20140, "anna disabled"]]);
  assert.deepEqual(told({ kind: "account-locked", id: anna, until: 0 }), [
    [20140, "anna locked until 1970-01-01T00:00:00.000Z"],
  ]);
  assert.deepEqual(told({ kind: "code-used", id: anna }), [[20230, "anna: used"]]);
  assert.deepEqual(told({ kind: "group-denied", id: world.group, account: anna }), [
    [20170, "bay1: denied anna"],
  ]);
  const id = deviceId("none");
  assert.deepEqual(told({ kind: "device-replication-set", id, enabled: false, revision: 2 }), [
    [20180, "none: replication off"],
  ]);
  assert.deepEqual(told({ kind: "server-removed", id: nodeId("C"), by: "anna" }), [
    [20130, "server C removed by anna"],
  ]);
  assert.deepEqual(told({ kind: "mode-changed", mode: "witness" }), [[20130, "mode witness"]]);
  assert.deepEqual(told({ kind: "state-digested", seq: 1, digest: "" }), []);
  const use = { server: nodeId("C"), at: 0 };
  assert.deepEqual(told({ kind: "grace-used", id: anna, version: 1, use }), [
    [20140, "anna signed in by grace at C, its password has ended"],
  ]);
  const role = { role: -7, name: "PATROL", description: "", by: "rita", at: 0 } as const;
  assert.deepEqual(told({ kind: "role-named", role }), [[20150, "private role -7 is PATROL"]]);
  const set = { id: "s1", by: "otto" };
  assert.deepEqual(
    told({ kind: "change-set-recorded", ...set, what: "import", accounts: [anna] }),
    [[20240, "change set s1 (import) of 1 present accounts by otto"]],
  );
  assert.deepEqual(told({ kind: "change-set-undone", ...set }), [
    [20240, "change set s1 undone by otto"],
  ]);
});

test("[EV3] a role that is given and one that is taken are two events with two numbers", () => {
  const world = aStation();
  const berta = world.must(createAccount("berta", { roles: [aRole(roleIds.VIEWER)] }));
  const before = world.state;
  const account = before.tables.accounts.find(({ name }) => name === "berta");
  assert.ok(account !== undefined, JSON.stringify(berta));
  const states = { before, after: before };
  const updated = { kind: "account-updated", ...account } as const;
  const roles = [aRole(roleIds.OPERATOR, { area: "Hill/Q01" })];
  assert.deepEqual(eventsOfFact({ ...updated, roles }, states), [
    [2160, "berta OPERATOR@Hill/Q01"],
    [2170, "berta VIEWER@*"],
  ]);
  assert.deepEqual(eventsOfFact({ ...updated, roles: [] }, states), [[2170, "berta VIEWER@*"]]);
  const [renamed] = eventsOfFact({ ...updated, displayName: "Berta B." }, states);
  assert.match(renamed?.[1] ?? "", /^berta policy \S+, Berta B\.$/);
});

test("[EV1] what is ours and what was lost stands in the catalogue too", () => {
  assert.equal(findSecurityEvent(0)?.severity, "critical");
  assert.equal(findSecurityEvent(20130)?.gsal, "Ina");
});

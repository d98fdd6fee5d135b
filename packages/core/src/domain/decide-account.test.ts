import assert from "node:assert/strict";
import { test } from "node:test";
import { accountId, requestId, sealed } from "../base/identity.ts";
import { day, hour } from "../base/time.ts";
import type { Command } from "./command.ts";
import { findAnswer } from "./decide.ts";
import {
  aNewPassword,
  anActor,
  aRole,
  aStation,
  aSystem,
  createAccount,
  createSystem,
  noon,
  owner,
  serverA,
  World,
} from "./fixtures.ts";
import { refusals, isRefusalCode } from "./refusal.ts";
import { roleIds } from "./roles.ts";

const admin = accountId("admin");
const secadm = [aRole(roleIds.SECADM)];

test("[AC1][AM1] login names are brought into one form and are unique in it", () => {
  const world = aSystem();
  world.must(createAccount("Anna.B-1 "));
  assert.equal(world.account("anna.b-1").name, "anna.b-1");
  const again = { ...createAccount("ANNA.b-1"), id: accountId("other") };
  assert.equal(world.codeOf(again), "account.exists");
});

test("[AC1] what is no login name is refused", () => {
  const world = aSystem();
  const names = ["", "-anna", ".", "..", "an na", "an/na", "änna", "a".repeat(65), "anna\u0000"];
  for (const name of names) assert.equal(world.codeOf(createAccount(name)), "account.bad-name");
  assert.equal(world.codeOf(createAccount("a".repeat(64))), "accepted");
});

test("[AC2] uidNumbers count from 10000 and are never given twice", () => {
  const world = aSystem();
  world.must(createAccount("anna"));
  world.must({ kind: "delete-account", id: accountId("anna") });
  world.must({ ...createAccount("berta"), id: accountId("berta") });
  assert.equal(world.account("admin").uidNumber, 10_000);
  assert.equal(world.account("berta").uidNumber, 10_002);
});

test("[AC3][AM2] roles that are reserved, doubled, or with dates out of order are refused", () => {
  const world = aSystem();
  const refused = (roles: ReturnType<typeof aRole>[]): string =>
    world.codeOf(createAccount("anna", { roles }));
  assert.equal(refused([aRole(7)]), "role.reserved");
  assert.equal(refused([aRole(1.5)]), "role.reserved");
  assert.equal(refused([aRole(1), aRole(1)]), "role.repeated");
  assert.equal(refused([aRole(1, { notBefore: noon, notAfter: noon })]), "role.bad-dates");
  assert.equal(refused([aRole(1, { area: "Hill//Q01" })]), "role.bad-area");
  assert.equal(refused([aRole(1, { area: "Hill/*" })]), "role.bad-area");
  assert.equal(refused(Array.from({ length: 17 }, (_, id) => aRole(-1 - id))), "role.too-many");
  const many = [aRole(1, { area: "Hill" }), aRole(1, { area: "Dale" }), aRole(-5)];
  assert.equal(refused(many), "accepted");
});

test("[AC4][AM8] the last SECADM cannot be disabled, deleted or robbed of the role", () => {
  const world = aSystem();
  const last = "account.last-security-administrator";
  const deeds: readonly Command[] = [
    { kind: "disable-account", id: admin },
    { kind: "delete-account", id: admin },
    { kind: "update-account", id: admin, roles: [] },
    { kind: "update-account", id: admin, roles: [aRole(roleIds.SECADM, { notAfter: noon + day })] },
    { kind: "update-account", id: admin, roles: [aRole(roleIds.SECADM, { area: "Hill" })] },
  ];
  for (const deed of deeds) assert.equal(world.codeOf(deed), last);
  // Others that cannot take over do not count: without password, for some time, disabled, elsewhere.
  world.must(createAccount("b", { roles: secadm, password: null }));
  world.must(createAccount("c", { roles: [aRole(roleIds.SECADM, { notAfter: noon + day })] }));
  world.must(createAccount("d", { roles: secadm }));
  world.must({ kind: "disable-account", id: accountId("d") });
  for (const deed of deeds) assert.equal(world.codeOf(deed), last);
  world.must({ kind: "enable-account", id: accountId("d") });
  assert.equal(world.codeOf({ kind: "disable-account", id: admin }), "accepted");
  const by = { actor: anActor("d") };
  assert.equal(world.codeOf({ kind: "delete-account", id: accountId("d") }, by), last);
});

test("[AC4][AM8] ADMINISTRATOR may take the place of SECADM", () => {
  const world = aSystem();
  const roles = [aRole(roleIds.ADMINISTRATOR)];
  assert.equal(world.codeOf({ kind: "update-account", id: admin, roles }), "accepted");
});

test("[AC5][AM8] a lock ends within a day and a shorter one does not shorten it", () => {
  const world = aStation();
  const lock = (until: number): string =>
    world.codeOf({ kind: "lock-account", id: world.anna, until }, { actor: serverA });
  assert.equal(lock(noon), "account.bad-lock");
  assert.equal(lock(Number.NaN), "account.bad-lock");
  assert.equal(lock(noon + day + 1), "account.bad-lock");
  assert.equal(lock(noon + 2 * hour), "accepted");
  assert.equal(lock(noon + hour), "account.already-locked");
  assert.equal(lock(noon + 3 * hour), "accepted");
  world.must({ kind: "unlock-account", id: world.anna });
  assert.equal(world.account("anna").lockedUntil, null);
});

test("[AC6] what is already so is refused with exit code 6", () => {
  const world = aStation();
  const id = world.anna;
  const deeds: readonly Command[] = [
    { kind: "enable-account", id },
    { kind: "update-account", id, displayName: "anna" },
    { kind: "join-group", id: world.group, account: id },
    { kind: "lift-deny-in-group", id: world.group, account: id },
    createAccount("anna"),
  ];
  for (const deed of deeds) {
    const code = world.codeOf(deed);
    assert.ok(isRefusalCode(code), `${deed.kind} is ${code}`);
    assert.equal(refusals[code].exit, 6, code);
  }
});

test("[AC7][AM3] a new password raises the version and keeps as many old ones as the policy asks", () => {
  const world = aStation();
  for (let count = 1; count <= 7; count++) {
    const password = aNewPassword(`password ${count}`);
    world.must({ kind: "set-password", id: world.anna, password, mustChange: true });
  }
  const { password } = world.account("anna");
  assert.equal(password?.version, 8);
  assert.equal(password?.mustChange, true);
  const remembered = [6, 5, 4, 3, 2].map((count) => `password ${count}`);
  assert.deepEqual(password?.history, remembered);
});

test("[AC7] a pending code is used up by a new password", () => {
  const world = aStation();
  const code = { verifier: sealed("code"), expiresAt: noon + hour };
  world.must({ kind: "issue-code", id: world.anna, ...code });
  assert.deepEqual(world.account("anna").code, code);
  const password = aNewPassword("new");
  world.must({ kind: "change-password", id: world.anna, password }, { actor: anActor("anna") });
  assert.equal(world.account("anna").code, null);
  assert.equal(world.account("anna").password?.mustChange, false);
});

test("[AC7] a code ends within seven days", () => {
  const world = aStation();
  const issue = (expiresAt: number): string =>
    world.codeOf({ kind: "issue-code", id: world.anna, verifier: sealed(""), expiresAt });
  assert.equal(issue(noon), "account.bad-code");
  assert.equal(issue(noon + 7 * day + 1), "account.bad-code");
  assert.equal(issue(noon + 7 * day), "accepted");
});

test("[AC8][AM3] a password that breaks the policy is refused with the rule it breaks", () => {
  const world = aStation();
  const set = (changes: Partial<ReturnType<typeof aNewPassword>>): string => {
    const password = { ...aNewPassword("new"), ...changes };
    return world.codeOf({ kind: "set-password", id: world.anna, password, mustChange: false });
  };
  assert.equal(set({ length: 7 }), "password.too-short");
  assert.equal(set({ length: 129 }), "password.too-long");
  assert.equal(set({ classes: 2 }), "password.too-plain");
  assert.equal(set({ repeats: true }), "password.repeated");
  assert.equal(set({}), "accepted");
  const short = { ...aNewPassword(), length: 14 };
  const modern = createAccount("berta", { policy: "modern", password: short });
  assert.equal(world.codeOf(modern), "password.too-short");
});

test("[AC9] a repeated request finds its first answer", () => {
  const world = aSystem();
  const id = requestId("retry");
  assert.equal(findAnswer(world.state, id), undefined);
  world.must(createAccount("anna"), { requestId: id });
  const row = findAnswer(world.state, id);
  const by = "account admin";
  assert.deepEqual(row, { requestId: id, by, seq: world.seq, answer: { id: "anna" } });
});

test("[SYS1][AM8] a system begins with one SECADM that has a code and no password", () => {
  const world = new World();
  world.must(createSystem(), { actor: owner });
  const { roles, password, code } = world.account("admin");
  assert.deepEqual(roles, secadm);
  assert.equal(password, null);
  assert.equal(code?.verifier, "code");
  assert.deepEqual(world.state.tables.policies.keySeq().toArray().toSorted(), [
    "modern",
    "panel-pin",
    "utility",
  ]);
  assert.equal(world.state.tables.pair.first()?.term, 1);
  assert.equal(world.state.tables.certificates.size, 2);
  assert.equal(world.codeOf(createSystem(), { actor: owner }), "system.exists");
});

test("[SYS1] a system without base, site or a proper administrator is refused", () => {
  const create = createSystem();
  const bad: readonly (readonly [Command, string])[] = [
    [{ ...create, base: " " }, "system.bad-value"],
    [{ ...create, site: "Hill\n" }, "system.bad-value"],
    [{ ...create, server: { ...create.server, name: "A B" } }, "pair.bad-name"],
    [{ ...create, administrator: { ...create.administrator, name: "-" } }, "account.bad-name"],
  ];
  for (const [command, code] of bad) {
    assert.equal(new World().codeOf(command, { actor: owner }), code);
  }
});

test("[SYS2] before there is a system everything else is refused as blank", () => {
  assert.equal(new World().codeOf(createAccount("anna")), "system.blank");
  const digest: Command = { kind: "digest-state", seq: 1, digest: "" };
  assert.equal(new World().codeOf(digest, { actor: serverA }), "system.blank");
});

test("[AC6] orders about what does not exist are refused as not found", () => {
  const world = aStation();
  const id = accountId("nobody");
  const deeds: readonly (readonly [Command, string])[] = [
    [{ kind: "enable-account", id }, "account.not-found"],
    [{ kind: "update-account", id }, "account.not-found"],
    [{ kind: "join-group", id: world.group, account: id }, "account.not-found"],
    [{ kind: "update-account", id: world.anna, policy: "none" }, "policy.not-found"],
    [createAccount("berta", { policy: "none" }), "policy.not-found"],
  ];
  for (const [deed, code] of deeds) assert.equal(world.codeOf(deed), code);
});

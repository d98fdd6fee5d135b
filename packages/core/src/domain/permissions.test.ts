import assert from "node:assert/strict";
import { test } from "node:test";
import { accountId, deviceId, nodeId, sealed } from "../base/identity.ts";
import { day, hour } from "../base/time.ts";
import type { Command } from "./command.ts";
import {
  aCertificate,
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
import { permissions } from "./permissions.ts";
import { roleIds } from "./roles.ts";

const newGroup: Command = {
  kind: "create-group",
  id: aStation().group,
  name: "bay2",
  description: "",
};

test("[AZ1][AM1][AM8] each role but SECADM and ADMINISTRATOR is refused every administrative command", () => {
  const administrative = Object.entries(permissions)
    .filter(([, { roles }]) => roles.includes(roleIds.SECADM))
    .map(([kind]) => kind);
  assert.equal(administrative.length, 41);
  for (const [name, role] of Object.entries(roleIds)) {
    const world = aSystem();
    world.must(createAccount("eve", { roles: [aRole(role)] }));
    const isAllowed = name === "SECADM" || name === "ADMINISTRATOR";
    const code = world.codeOf(newGroup, { actor: anActor("eve") });
    assert.equal(code, isAllowed ? "accepted" : "access.denied", name);
  }
});

test("[AZ1][AM1] only the account and the servers may order what is not administrative", () => {
  const others = Object.entries(permissions)
    .filter(([, { roles }]) => roles.length === 0)
    .map(([kind]) => kind);
  assert.deepEqual(others.toSorted(), [
    "change-ack-set",
    "change-password",
    "confirm-renewal",
    "create-system",
    "digest-state",
    "end-session",
    "enrol-device",
    "join-server",
    "lock-account",
    "publish-crl",
    "record-set-aside",
    "renew-device",
    "renew-server",
    "restore-system",
    "spend-invite-try",
    "start-term",
    "use-grace",
  ]);
});

test("[AZ2][AM2] a role counts within its dates only, at the time of the command", () => {
  const world = aSystem();
  const role = aRole(roleIds.SECADM, { notBefore: noon + hour, notAfter: noon + 2 * hour });
  world.must(createAccount("eve", { roles: [role] }));
  const at = (time: number): string =>
    world.codeOf({ ...newGroup, name: `g${time}` }, { actor: anActor("eve"), at: time });
  assert.equal(at(noon), "access.denied");
  assert.equal(at(noon + hour), "accepted");
  assert.equal(at(noon + 2 * hour), "access.denied");
});

test("[AZ2][AM2] a role for one bay does not count for the system", () => {
  const world = aSystem();
  world.must(createAccount("eve", { roles: [aRole(roleIds.SECADM, { area: "Hill" })] }));
  assert.equal(world.codeOf(newGroup, { actor: anActor("eve") }), "access.denied");
});

test("[AZ3] a disabled, locked or deleted account's session may do nothing", () => {
  const eve = accountId("eve");
  const deeds: readonly Command[] = [
    { kind: "disable-account", id: eve },
    { kind: "delete-account", id: eve },
  ];
  for (const deed of deeds) {
    const world = aSystem();
    world.must(createAccount("eve", { roles: [aRole(roleIds.SECADM)] }));
    world.must(deed);
    assert.equal(world.codeOf(newGroup, { actor: anActor("eve") }), "access.denied");
  }
  const world = aSystem();
  world.must(createAccount("eve", { roles: [aRole(roleIds.SECADM)] }));
  const until = noon + hour;
  world.must({ kind: "lock-account", id: eve, until }, { actor: serverA });
  assert.equal(world.codeOf(newGroup, { actor: anActor("eve") }), "access.denied");
  const password = aNewPassword();
  const change: Command = { kind: "change-password", id: eve, password };
  assert.equal(world.codeOf(change, { actor: anActor("eve") }), "access.denied");
  assert.equal(world.codeOf(newGroup, { actor: anActor("eve"), at: until }), "accepted");
});

test("[AZ4] who must change the password may do that or leave, nothing else", () => {
  for (const password of [null, aNewPassword()]) {
    const world = aSystem();
    const roles = [aRole(roleIds.SECADM)];
    world.must(createAccount("eve", { roles, password, mustChange: true }));
    const by = { actor: anActor("eve") };
    assert.equal(world.codeOf(newGroup, by), "password.must-change");
    const ended: Command = { kind: "end-session", id: "session", expiresAt: noon + hour };
    assert.equal(world.codeOf(ended, by), "accepted");
    const id = accountId("eve");
    world.must({ kind: "change-password", id, password: aNewPassword("new") }, by);
    assert.equal(world.codeOf(newGroup, by), "accepted");
  }
});

test("[AZ5] nobody changes another's password as their own, not even SECADM", () => {
  const world = aStation();
  const change: Command = {
    kind: "change-password",
    id: world.anna,
    password: aNewPassword("new"),
  };
  assert.equal(world.codeOf(change), "access.denied");
  assert.equal(world.codeOf(change, { actor: anActor("anna") }), "accepted");
});

test("[AZ6] the pair's records come from servers alone", () => {
  const world = aStation();
  const commands: readonly Command[] = [
    { kind: "lock-account", id: world.anna, until: noon + hour },
    { kind: "digest-state", seq: 1, digest: "0".repeat(64) },
    { kind: "change-ack-set", ackSet: [nodeId("A")], unprotected: null },
  ];
  for (const command of commands) {
    assert.equal(world.codeOf(command), "access.denied");
    assert.equal(world.codeOf(command, { actor: owner }), "access.denied");
    assert.equal(world.codeOf(command, { actor: serverA }), "accepted");
  }
});

test("[AZ7] the machine's owner cannot edit accounts", () => {
  const world = aStation();
  const by = { actor: owner };
  assert.equal(world.codeOf({ kind: "unlock-account", id: world.anna }, by), "accepted");
  assert.equal(world.codeOf({ kind: "disable-account", id: world.anna }, by), "access.denied");
  assert.equal(new World().codeOf(createSystem()), "access.denied");
});

test("[AZ7][AM8] the machine's owner gives a code only while no administrator can sign in", () => {
  const code = { verifier: sealed("code"), expiresAt: noon + hour };
  const id = accountId("admin");
  const fresh = new World();
  fresh.must(createSystem(), { actor: owner });
  assert.equal(fresh.codeOf({ kind: "issue-code", id, ...code }, { actor: owner }), "accepted");

  const world = aStation();
  const by = { actor: owner };
  assert.equal(world.codeOf({ kind: "issue-code", id, ...code }, by), "access.denied");
  const late = { ...by, at: noon + 500 * day };
  const codeThen = { ...code, expiresAt: late.at + hour };
  assert.equal(world.codeOf({ kind: "issue-code", id, ...codeThen }, late), "accepted");
  const forAnna: Command = { kind: "issue-code", id: world.anna, ...codeThen };
  assert.equal(world.codeOf(forAnna, late), "access.denied");
});

test("[AZ8] a device enrols itself and no other", () => {
  const world = aStation();
  const id = deviceId("Q01");
  const device = { id, name: "Q01", manufacturer: "", type: "", accessPoints: [], area: "Hill" };
  world.must({ kind: "register-devices", devices: [device], group: world.group });
  const expiresAt = noon + hour;
  world.must({ kind: "issue-device-code", id, verifier: sealed("code"), expiresAt });
  const enrol: Command = { kind: "enrol-device", id, certificate: aCertificate("99", "device") };
  const asDevice = (name: string): string =>
    world.codeOf(enrol, { actor: { ...anActor(name), kind: "device" } });
  assert.equal(asDevice("Q02"), "access.denied");
  assert.equal(world.codeOf(enrol), "access.denied");
  assert.equal(asDevice("Q01"), "accepted");
});

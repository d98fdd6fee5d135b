import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceId, groupId, nodeId, requestId, sealed } from "../base/identity.ts";
import { day, hour, minute } from "../base/time.ts";
import type { Command, NewDevice } from "./command.ts";
import { decide } from "./decide.ts";
import {
  aCertificate,
  anActor,
  aRole,
  aServer,
  aStation,
  aSystem,
  createAccount,
  noon,
  serverA,
} from "./fixtures.ts";
import { parseEntry } from "./parse-entry.ts";
import { checkPolicy, seedPolicies } from "./policies.ts";
import { roleIds } from "./roles.ts";

function aDevice(name: string, changes: Partial<NewDevice> = {}): NewDevice {
  return {
    id: deviceId(name),
    name,
    manufacturer: "Maker",
    type: "REL670",
    accessPoints: [{ name: "S1", ip: "192.0.2.7" }],
    area: "Hill/Q01",
    ...changes,
  };
}

test("[GR1][AM4] group names are unique, and a group that devices follow stays", () => {
  const world = aStation();
  const twin: Command = { kind: "create-group", id: groupId("x"), name: "BAY1", description: "" };
  assert.equal(world.codeOf(twin), "group.exists");
  assert.equal(world.codeOf({ ...twin, name: "a b" }), "group.bad-name");
  world.must({ kind: "register-devices", devices: [aDevice("Q01")], group: world.group });
  assert.equal(world.codeOf({ kind: "delete-group", id: world.group }), "group.in-use");
});

test("[GR2][AM4] joining, leaving, denying and lifting each happen once", () => {
  const world = aStation();
  const order = (kind: Extract<Command, { id: unknown; account: unknown }>["kind"]): string =>
    world.codeOf({ kind, id: world.group, account: world.anna });
  assert.equal(order("join-group"), "group.already-member");
  assert.equal(order("leave-group"), "accepted");
  assert.equal(order("leave-group"), "group.not-member");
  assert.equal(order("deny-in-group"), "accepted");
  assert.equal(order("deny-in-group"), "group.already-denied");
  assert.equal(order("lift-deny-in-group"), "accepted");
  assert.equal(order("lift-deny-in-group"), "group.not-denied");
  assert.equal(order("join-group"), "accepted");
});

test("[GR3][AM4] only a member with an administrative role is admitted, until it leaves", () => {
  const world = aStation();
  const { id: account } = createAccount("berta");
  world.must(createAccount("berta", { roles: [aRole(roleIds.SECAUD)] }));
  const admit: Command = { kind: "admit-administrator", id: world.group, account };
  assert.equal(world.codeOf({ ...admit, account: world.anna }), "group.not-administrator");
  assert.equal(world.codeOf(admit), "group.not-member");
  world.must({ kind: "join-group", id: world.group, account });
  assert.equal(world.codeOf(admit), "accepted");
  assert.equal(world.codeOf(admit), "group.already-admitted");
  world.must({ kind: "leave-group", id: world.group, account });
  assert.deepEqual(world.state.tables.groups.get(world.group)?.administrators, []);
});

test("[DEV1][AM6] devices are registered all or none, and every bad row is named", () => {
  const world = aStation();
  world.must({ kind: "register-devices", devices: [aDevice("Q01")], group: world.group });
  const devices = [
    aDevice("Q02"),
    aDevice("q01"),
    aDevice("Q03", { area: "" }),
    aDevice("Q02", { id: deviceId("other") }),
    aDevice("Q 4"),
  ];
  const decision = world.submit({ kind: "register-devices", devices, group: world.group });
  assert.equal(decision.ok, false);
  const detail = decision.ok ? "" : decision.error.detail;
  assert.deepEqual(
    detail.split("; ").map((line) => line.split(":")[0]),
    ["row 2 (q01)", "row 3 (Q03)", "row 4 (Q02)", "row 5 (Q 4)"],
  );
  assert.equal(world.state.tables.devices.size, 1);
});

test("[DEV2] at most 5,000 devices at once, and at least one", () => {
  const world = aStation();
  const devices = Array.from({ length: 5_001 }, (_, index) => aDevice(`Q${index}`));
  const register = (some: readonly NewDevice[]): string =>
    world.codeOf({ kind: "register-devices", devices: some, group: world.group });
  assert.equal(register([]), "device.none");
  assert.equal(register(devices), "device.too-many");
  assert.equal(register(devices.slice(1)), "accepted");
  assert.equal(world.state.tables.devices.size, 5_000);
});

test("[DEV3] enrolment needs an open code in its time and uses it up", () => {
  const world = aStation();
  const { id } = aDevice("Q01");
  world.must({ kind: "register-devices", devices: [aDevice("Q01")], group: world.group });
  const enrol = (serial: string, at = noon): string => {
    const certificate = aCertificate(serial, "device");
    return world.codeOf({ kind: "enrol-device", id, certificate }, { actor: serverA, at });
  };
  const issue = (expiresAt: number): string =>
    world.codeOf({ kind: "issue-device-code", id, verifier: sealed("code"), expiresAt });
  assert.equal(enrol("10"), "enrolment.used");
  assert.equal(issue(noon), "enrolment.bad-code");
  assert.equal(issue(noon + 31 * day), "enrolment.bad-code");
  assert.equal(issue(noon + hour), "accepted");
  assert.equal(enrol("10", noon + hour), "enrolment.expired");
  assert.equal(enrol("01"), "certificate.exists");
  assert.equal(enrol("10"), "accepted");
  assert.equal(enrol("11"), "enrolment.used");
  const device = world.state.tables.devices.get(id);
  assert.equal(device?.status, "enrolled");
  assert.equal(device?.certificate?.serial, "10");
});

test("[DEV3] a lost device gets neither a code nor a certificate, also with a code still open", () => {
  const world = aStation();
  const { id } = aDevice("Q01");
  world.must({ kind: "register-devices", devices: [aDevice("Q01")], group: world.group });
  const code: Command = {
    kind: "issue-device-code",
    id,
    verifier: sealed("code"),
    expiresAt: noon + hour,
  };
  world.must(code);
  const { tables } = world.state;
  const device = tables.devices.get(id);
  assert.ok(device?.enrolment);
  const devices = tables.devices.set(id, { ...device, status: "lost" });
  const state = { ...world.state, tables: { ...tables, devices } };
  const enrol: Command = { kind: "enrol-device", id, certificate: aCertificate("10", "device") };
  for (const [command, actor] of [
    [code, anActor("admin")],
    [enrol, serverA],
  ] as const) {
    const order = { command, actor, at: noon, requestId: requestId("r") };
    const decision = decide(state, order);
    assert.equal(decision.ok ? "accepted" : decision.error.code, "device.lost", command.kind);
  }
});

test("[DEV3] the certificate is the answer, so that a retry gets it again", () => {
  const world = aStation();
  const { id } = aDevice("Q01");
  world.must({ kind: "register-devices", devices: [aDevice("Q01")], group: world.group });
  const verifier = sealed("code");
  world.must({ kind: "issue-device-code", id, verifier, expiresAt: noon + hour });
  const certificate = aCertificate("10", "device");
  world.must({ kind: "enrol-device", id, certificate, encoded: "DER" }, { actor: serverA });
  assert.deepEqual(world.last?.answer, { certificate: "DER" });
  assert.ok(parseEntry({ ...world.last, prev: "0".repeat(64) }).ok);
});

test("[DEV3] a certificate of another profile is not a device's", () => {
  const world = aStation();
  const { id } = aDevice("Q01");
  world.must({ kind: "register-devices", devices: [aDevice("Q01")], group: world.group });
  const verifier = sealed("code");
  world.must({ kind: "issue-device-code", id, verifier, expiresAt: noon + hour });
  const enrol: Command = { kind: "enrol-device", id, certificate: aCertificate("10", "server") };
  assert.equal(world.codeOf(enrol, { actor: serverA }), "certificate.wrong-profile");
});

test("[DEV4] every change of replication raises its revision by one", () => {
  const world = aStation();
  const { id } = aDevice("Q01");
  world.must({ kind: "register-devices", devices: [aDevice("Q01")], group: world.group });
  const set = (enabled: boolean): unknown => {
    const decision = world.submit({ kind: "set-replication", id, enabled });
    return decision.ok ? decision.value.answer.revision : decision.error.code;
  };
  assert.deepEqual(
    [set(true), set(false), set(false), set(true)],
    ["device.replication-unchanged", 2, "device.replication-unchanged", 3],
  );
});

test("[SYS3] an invitation admits one server of its name, in its time", () => {
  const world = aSystem();
  const expiresAt = noon + 15 * minute;
  const invite: Command = { kind: "issue-invite", name: "B", secret: sealed(""), expiresAt };
  const join: Command = { kind: "join-server", server: aServer("B"), certificates: [] };
  const by = { actor: serverA };
  assert.equal(world.codeOf(join, by), "invite.not-found");
  assert.equal(world.codeOf({ ...invite, expiresAt: noon + 2 * day }), "invite.bad-end");
  world.must(invite);
  assert.equal(world.codeOf(join, { ...by, at: expiresAt }), "invite.expired");
  const foreign = [aCertificate("31", "device")];
  const code = world.codeOf({ ...join, certificates: foreign }, by);
  assert.equal(code, "certificate.wrong-profile");
  const certificates = [aCertificate("31", "server"), aCertificate("32", "replica-signer")];
  assert.equal(world.codeOf({ ...join, certificates }, by), "accepted");
  assert.equal(world.codeOf(join, by), "invite.not-found");
});

test("[SYS3] an invitation has five tries", () => {
  const world = aSystem();
  const expiresAt = noon + 15 * minute;
  world.must({ kind: "issue-invite", name: "B", secret: sealed(""), expiresAt });
  const spend: Command = { kind: "spend-invite-try", name: "B" };
  const codes = Array.from({ length: 6 }, () => world.codeOf(spend, { actor: serverA }));
  assert.deepEqual(codes, [...Array.from({ length: 5 }, () => "accepted"), "invite.spent"]);
  const join: Command = { kind: "join-server", server: aServer("B"), certificates: [] };
  assert.equal(world.codeOf(join, { actor: serverA }), "accepted"); // The fifth try was right.
});

test("[SYS4] a second server of the same name is refused, before and after the invitation", () => {
  const world = aSystem();
  const expiresAt = noon + 15 * minute;
  const invite: Command = { kind: "issue-invite", name: "a", secret: sealed(""), expiresAt };
  assert.equal(world.codeOf(invite), "pair.name-taken");
  world.must({ ...invite, name: "B" });
  const twin = { ...aServer("A"), name: "B" };
  const join: Command = { kind: "join-server", server: twin, certificates: [] };
  assert.equal(world.codeOf(join, { actor: serverA }), "pair.name-taken");
});

test("[SYS5] terms rise, and the ack set holds the owner and servers of the system", () => {
  const world = aSystem();
  const by = { actor: serverA };
  const [a, b] = [nodeId("A"), nodeId("B")];
  const change = (ackSet: readonly (typeof a)[]): string =>
    world.codeOf({ kind: "change-ack-set", ackSet, unprotected: null }, by);
  assert.equal(change([a, b]), "pair.bad-ack-set");
  assert.equal(change([]), "pair.bad-ack-set");
  assert.equal(change([a, a]), "pair.bad-ack-set");
  world.must({ kind: "issue-invite", name: "B", secret: sealed(""), expiresAt: noon + hour });
  world.must({ kind: "join-server", server: aServer("B"), certificates: [] }, by);
  assert.equal(change([a, b]), "accepted");
  const pair = {
    owner: b,
    by: "changeover",
    since: noon,
    ackSet: [b, a],
    mode: "manual",
    unprotected: null,
  } as const;
  const start = (term: number): string =>
    world.codeOf({ kind: "start-term", pair: { ...pair, term } }, by);
  assert.equal(start(1), "pair.old-term");
  assert.equal(start(2.5), "pair.old-term");
  assert.equal(start(2), "accepted");
  assert.equal(change([a]), "pair.bad-ack-set");
  assert.deepEqual(world.state.tables.pair.first(), { ...pair, term: 2 });
});

test("[SYS7][HS15] a server is known under an address and a backup that differs from it", () => {
  const world = aSystem();
  const kind = "set-server-address";
  const id = nodeId("A");
  const set = (address: string, backup: string | null, server = id): string =>
    world.codeOf({ kind, id: server, address, backup });
  assert.equal(set("10.0.0.1", "10.0.1.1"), "accepted");
  const both = world.state.tables.servers.get(id);
  assert.deepEqual([both?.address, both?.backup], ["10.0.0.1", "10.0.1.1"]);
  assert.equal(set("10.0.0.1", "10.0.1.1"), "pair.unchanged");
  assert.equal(set("10.0.0.1", "10.0.0.1"), "pair.bad-address");
  assert.equal(set("no host", null), "pair.bad-address");
  assert.equal(set("10.0.0.1", ""), "pair.bad-address");
  assert.equal(set("10.0.0.1", null, nodeId("C")), "pair.server-not-found");
  assert.equal(set("a.example.org", null), "accepted");
  const one = world.state.tables.servers.get(id);
  assert.ok(one !== undefined && !("backup" in one));
  assert.equal(one.address, "a.example.org");
});

test("[SYS6][PW5][AM3] the seeds are sound, and a value out of range is refused by its name", () => {
  const world = aSystem();
  for (const policy of seedPolicies) {
    assert.equal(checkPolicy(policy), undefined);
    assert.equal(world.codeOf({ kind: "set-policy", policy }), "policy.unchanged");
  }
  const [policy] = seedPolicies;
  assert.ok(policy !== undefined);
  const bad = { ...policy, attempts: 0, lockFor: Number.NaN };
  const decision = world.submit({ kind: "set-policy", policy: bad });
  assert.deepEqual(decision, {
    ok: false,
    error: { code: "policy.bad-value", detail: "utility: attempts is 1 to 100; lock is 1m to 1d" },
  });
  assert.equal(
    world.codeOf({ kind: "set-policy", policy: { ...policy, attempts: 4 } }),
    "accepted",
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { accountId, deviceId, nodeId } from "../base/identity.ts";
import { day, hour } from "../base/time.ts";
import type { Command } from "./command.ts";
import { isLegacyPeer } from "./decide-legacy.ts";
import { factShapes } from "./fact-shapes.ts";
import {
  aCertificate as aCertificateRow,
  anActor,
  aRole,
  aStation,
  createAccount,
  noon,
  serverA,
  type World,
} from "./fixtures.ts";
import { accountOf, type ClientCertificate, mappingsOf, parseMappingKey } from "./mapping.ts";
import { publicRefusal } from "./refusal.ts";
import { roleIds } from "./roles.ts";
import { beginSignIn, concludeSignIn, type Proof, type SignInQuestion } from "./sign-in.ts";

const fingerprint = "ab".repeat(32);

function map(key: string, account = "anna"): Command {
  return { kind: "map-certificate", key, account: accountId(account) };
}

function unmap(key: string): Command {
  return { kind: "unmap-certificate", key };
}

function aCertificate(names: readonly string[] = [], own = fingerprint): ClientCertificate {
  return { fingerprint: own, names };
}

test("[MP1][CS13] a key is read in the forms in which people and tools write it", () => {
  const good: readonly (readonly [string, string])[] = [
    [`SHA256:${"AB:".repeat(31)}AB`, `sha256:${fingerprint}`],
    ["email: Anna@Example.org", "email:anna@example.org"],
    ["dns:Tool.example.org", "dns:tool.example.org"],
    ["uri:urn:Example:Anna", "uri:urn:Example:Anna"],
  ];
  for (const [typed, key] of good) {
    assert.deepEqual(parseMappingKey(typed), { ok: true, value: key });
  }
  const bad = [
    "",
    "anna",
    "sha256:abc",
    "email:anna",
    "ip:192.0.2.7",
    "uri:",
    "dns:a b",
    "email:a@b\n",
  ];
  for (const typed of [...bad, `uri:urn:${"x".repeat(600)}`]) {
    const read = parseMappingKey(typed);
    assert.equal(read.ok || read.error.code, typed === "email:a@b\n" ? true : "mapping.bad-key");
  }
});

test("[MP2][CS13] a certificate leads to one account at most, and goes with it", () => {
  const world = aStation();
  world.must(createAccount("otto"));
  const [fact] = world.must(map("email:anna@example.org"));
  assert.ok(factShapes["certificate-mapped"].safeParse(fact).success);
  assert.equal(world.codeOf(map("email:ANNA@example.org", "otto")), "mapping.exists");
  assert.equal(world.codeOf(map("email:x@example.org", "nobody")), "account.not-found");
  assert.equal(world.codeOf(map("nothing")), "mapping.bad-key");
  assert.equal(world.codeOf(map("dns:a.example.org"), { actor: serverA }), "access.denied");
  assert.equal(world.codeOf(map("dns:a.example.org"), { actor: anActor("anna") }), "access.denied");
  for (let index = 1; index < 16; index++) world.must(map(`dns:${index}.example.org`));
  assert.equal(world.codeOf(map("dns:a.example.org")), "mapping.too-many");
  world.must(unmap("dns:1.example.org"));
  assert.equal(world.codeOf(unmap("dns:1.example.org")), "mapping.not-found");
  assert.equal(mappingsOf(world.state, accountId("anna")).length, 15);
  world.must({ kind: "delete-account", id: accountId("anna") });
  assert.equal(world.state.tables.mappings.size, 0);
});

test("[MP3][CS13] the fingerprint counts before names, and names that disagree lead to nobody", () => {
  const world = aStation();
  world.must(createAccount("otto"));
  world.must(map("email:anna@example.org"));
  world.must(map("dns:anna.example.org"));
  world.must(map("email:otto@example.org", "otto"));
  const { state } = world;
  assert.equal(accountOf(state, aCertificate(["email:anna@example.org"])), "anna");
  const agreed = ["email:anna@example.org", "dns:anna.example.org", "uri:urn:x"];
  assert.equal(accountOf(state, aCertificate(agreed)), "anna");
  const torn = ["email:anna@example.org", "email:otto@example.org"];
  assert.equal(accountOf(state, aCertificate(torn)), undefined);
  assert.equal(accountOf(state, aCertificate(["uri:urn:x"])), undefined);
  world.must(map(`sha256:${fingerprint}`, "otto"));
  assert.equal(accountOf(world.state, aCertificate(agreed)), "otto");
});

test("[MP2] an account without a password orders what its roles allow, by its certificate", () => {
  const world = aStation();
  const roles = [aRole(roleIds.SECADM)];
  world.must(createAccount("sara", { roles, password: null }));
  const actor = anActor("sara");
  assert.equal(world.codeOf(createAccount("one"), { actor }), "password.must-change");
  world.must(map("email:sara@example.org", "sara"));
  assert.equal(world.codeOf(createAccount("one"), { actor }), "accepted");
});

function signIn(world: World, more: Partial<SignInQuestion>, proof: Proof = "certificate") {
  const question = { door: "ldap", name: "", source: "192.0.2.1", ...more } as const;
  const { state } = world;
  const sound = { canSignIn: true, fresh: true, ageMs: 0, at: noon } as const;
  const condition = { node: nodeId("A"), duty: "main", state: "main-protected", ...sound } as const;
  const start = beginSignIn(state, condition, question);
  assert.ok(start.kind === "verify");
  const moment = { state, condition, counter: undefined, question };
  const { answer, event, counter } = concludeSignIn(start.verification, proof, moment);
  return { answer, event, isCounted: typeof counter === "object" };
}

test("[SI10][CS13] a certificate signs in as its account, however old the password is", () => {
  const world = aStation();
  world.must(createAccount("fresh", { mustChange: true }));
  world.must(createAccount("bare", { password: null }));
  for (const name of ["anna", "fresh", "bare"]) {
    world.must(map(`email:${name}@example.org`, name));
    const certificate = aCertificate([`email:${name}@example.org`]);
    const { answer, event } = signIn(world, { certificate });
    assert.ok(answer.outcome === "accepted");
    const { account, mustChange, expiresAt } = answer;
    assert.deepEqual([account.name, mustChange, expiresAt], [name, false, null]);
    assert.equal(event.question.name, name);
  }
});

test("[SI10][CS13] another identity, a disabled account and nobody's certificate are refused", () => {
  const world = aStation();
  world.must(map("email:anna@example.org"));
  const certificate = aCertificate(["email:anna@example.org"]);
  const codeOf = ({ answer }: ReturnType<typeof signIn>): string =>
    answer.outcome === "refused" ? answer.refusal.code : answer.outcome;
  assert.equal(codeOf(signIn(world, { certificate, name: "Anna" })), "accepted");
  const other = signIn(world, { certificate, name: "admin" });
  assert.deepEqual([codeOf(other), other.isCounted], ["credential.other-identity", false]);
  assert.ok(other.answer.outcome === "refused");
  assert.equal(publicRefusal(other.answer.refusal).code, "credential.rejected");
  const nobody = signIn(world, { certificate: aCertificate() });
  assert.equal(codeOf(nobody), "credential.unknown-account");
  world.must({ kind: "disable-account", id: accountId("anna") });
  assert.equal(codeOf(signIn(world, { certificate })), "account.disabled");
});

test("[SI10][SI9] a certificate that was taken away meanwhile proves nothing", () => {
  const world = aStation();
  world.must(map("email:anna@example.org"));
  const certificate = aCertificate(["email:anna@example.org"]);
  const question = { door: "https", name: "", source: "", certificate } as const;
  const sound = { canSignIn: true, fresh: true, ageMs: 0, at: noon } as const;
  const condition = { node: nodeId("A"), duty: "main", state: "main-protected", ...sound } as const;
  const start = beginSignIn(world.state, condition, question);
  assert.ok(start.kind === "verify");
  world.must(unmap("email:anna@example.org"));
  const moment = { state: world.state, condition, counter: undefined, question };
  const { answer } = concludeSignIn(start.verification, "certificate", moment);
  assert.equal(answer.outcome, "refused");
});

test("[SI11][CS7] over clear text no account with an administrative role signs in, ever", () => {
  const world = aStation();
  for (const role of ["SECADM", "SECAUD", "RBACMNT", "ADMINISTRATOR"] as const) {
    // Not even a role that is out of its dates.
    const roles = [aRole(roleIds.OPERATOR), aRole(roleIds[role], { notAfter: noon - hour })];
    const name = role.toLowerCase();
    world.must(createAccount(name, { roles }));
    for (const proof of ["password", "none"] as const) {
      const { answer, isCounted } = signIn(world, { name, isClear: true }, proof);
      assert.ok(answer.outcome === "refused");
      assert.deepEqual([answer.refusal.code, isCounted], ["account.never-legacy", false]);
    }
    assert.equal(signIn(world, { name }, "password").answer.outcome, "accepted");
  }
  const anna = signIn(world, { name: "anna", isClear: true }, "password");
  assert.equal(anna.answer.outcome, "accepted");
});

test("[MP4][CS7] a legacy peer has an address, an owner, a reason and an end", () => {
  const world = aStation();
  const good = {
    kind: "allow-legacy-peer",
    address: "192.0.2.7",
    owner: "Anna",
    reason: "a relay of 2009",
    until: noon + day,
  } as const;
  const [fact] = world.must(good);
  assert.ok(factShapes["legacy-peer-allowed"].safeParse(fact).success);
  assert.equal(world.codeOf(good), "legacy.unchanged");
  world.must({ ...good, until: noon + 2 * day });
  assert.equal(world.state.tables.legacyPeers.size, 1);
  for (const address of ["relay", "192.0.2", "", "FE80::1", "192.0.2.7/24"]) {
    assert.equal(world.codeOf({ ...good, address }), "legacy.bad-address", address);
  }
  for (const text of ["", " ", "two\nlines", "x".repeat(257)]) {
    assert.equal(world.codeOf({ ...good, owner: text }), "legacy.bad-text");
    assert.equal(world.codeOf({ ...good, reason: text }), "legacy.bad-text");
  }
  for (const until of [noon, noon - day, noon + 732 * day]) {
    assert.equal(world.codeOf({ ...good, until }), "legacy.bad-end");
  }
  assert.equal(world.codeOf(good, { actor: anActor("anna") }), "access.denied");
  assert.equal(isLegacyPeer(world.state, "192.0.2.7", noon + 2 * day - 1), true);
  assert.equal(isLegacyPeer(world.state, "192.0.2.7", noon + 2 * day), false);
  world.must({ kind: "remove-legacy-peer", address: "192.0.2.7" });
  const gone = { kind: "remove-legacy-peer", address: "192.0.2.7" } as const;
  assert.equal(world.codeOf(gone), "legacy.not-found");
  for (let index = 0; index < 256; index++) world.must({ ...good, address: `10.0.0.${index}` });
  assert.equal(world.codeOf(good), "legacy.too-many");
});

test("[WA3][CS14] a person admits a device with a certificate that is not its own yet", () => {
  const world = aStation();
  const id = deviceId("Q01");
  const device = {
    id,
    name: "Q01",
    manufacturer: "M",
    type: "T",
    accessPoints: [],
    area: "Hill/Q01",
  };
  world.must({ kind: "register-devices", devices: [device], group: world.group });
  const certificate = aCertificateRow("30", "device");
  const admit = { kind: "admit-device", id, certificate } as const;
  assert.equal(world.codeOf(admit, { actor: serverA }), "access.denied");
  assert.equal(world.codeOf({ ...admit, id: deviceId("Q09") }), "device.not-found");
  const server = aCertificateRow("02", "server");
  assert.equal(world.codeOf({ ...admit, certificate: server }), "certificate.wrong-profile");
  const disguised = aCertificateRow("02", "device");
  assert.equal(world.codeOf({ ...admit, certificate: disguised }), "certificate.wrong-profile");
  assert.equal(world.codeOf(admit, { at: certificate.notAfter }), "approval.expired");
  world.must(admit);
  const row = world.state.tables.devices.get(id);
  assert.deepEqual([row?.status, row?.certificate?.serial], ["enrolled", "30"]);
  assert.equal(world.codeOf(admit), "approval.not-needed");
  world.must({ kind: "revoke-certificate", serial: "30", reason: "keyCompromise" });
  assert.equal(world.codeOf(admit), "certificate.already-revoked");
});

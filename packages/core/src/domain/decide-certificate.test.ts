import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId, requestId, sealed } from "../base/identity.ts";
import { day, hour, second } from "../base/time.ts";
import { thirdPartyProfiles } from "./certificate-profile.ts";
import type { Command } from "./command.ts";
import { findAnswer } from "./decide.ts";
import { factShapes } from "./fact-shapes.ts";
import { aCertificate, anActor, aSystem, noon, serverA, type World } from "./fixtures.ts";
import { parseOrder } from "./parse-order.ts";
import { crlLife, listedAt, nextCrlNumber, revokedBy } from "./revocation.ts";
import { setAsideRows } from "./set-aside.ts";
import { lossesOf } from "./set-aside-loss.ts";
import type { CertificateRow, CrlRow } from "./types.ts";

function issue(serial: string, changes: Partial<CertificateRow> = {}): Command {
  const certificate = { ...aCertificate(serial, "file-transfer"), ...changes };
  return { kind: "issue-certificate", certificate, encoded: `DER of ${serial}` };
}

function revoke(serial: string): Command {
  return { kind: "revoke-certificate", serial, reason: "keyCompromise" };
}

function listOf(world: World, at: number, changes: Partial<CrlRow> = {}): Command {
  const crl = {
    authority: "issuing",
    number: nextCrlNumber(world.state, "issuing", at),
    thisUpdate: at,
    nextUpdate: at + crlLife,
    revoked: revokedBy(world.state, "issuing").length,
    encoded: "",
    responder: { certificate: "", key: sealed("v1.responder") },
    ...changes,
  };
  return { kind: "publish-crl", crl };
}

test("[CT1][PK2] third parties get certificates of their own profiles, once each", () => {
  const world = aSystem();
  for (const [index, profile] of thirdPartyProfiles.entries()) {
    world.must(issue(`1${index}`, { profile }));
    assert.equal(world.state.tables.certificates.get(`1${index}`)?.profile, profile);
  }
  for (const profile of ["authority", "server", "device", "replica-signer"] as const) {
    assert.equal(world.codeOf(issue("20", { profile })), "certificate.wrong-profile");
  }
  const revoked = { at: noon, reason: "unspecified", by: "" } as const;
  assert.equal(world.codeOf(issue("20", { revoked })), "certificate.wrong-profile");
  assert.equal(world.codeOf(issue("10")), "certificate.exists");
  for (const name of ["", "  ", "two\nlines", "x".repeat(65)]) {
    assert.equal(world.codeOf(issue("20", { name })), "certificate.bad-name");
  }
  assert.equal(world.codeOf(issue("20", { authority: "other" })), "server.unavailable");
  assert.equal(world.codeOf(issue("20"), { actor: serverA }), "access.denied");
  assert.equal(world.codeOf(issue("20"), { actor: anActor("stranger") }), "access.denied");
});

test("[CT1] what a retry asks for is in the answer to the first", () => {
  const world = aSystem();
  world.must(issue("20"), { requestId: requestId("once") });
  const found = findAnswer(world.state, requestId("once"));
  assert.deepEqual(found?.answer, { id: "20", certificate: "DER of 20" });
});

test("[CT2][PK5] a certificate is revoked once, and it stays known why, when and by whom", () => {
  const world = aSystem();
  world.must(issue("20"));
  const [fact] = world.must(revoke("20"), { at: noon + hour });
  const revoked = { at: noon + hour, reason: "keyCompromise", by: "admin" };
  assert.deepEqual(world.state.tables.certificates.get("20")?.revoked, revoked);
  assert.ok(factShapes["certificate-revoked"].safeParse(fact).success);
  assert.equal(world.codeOf(revoke("20")), "certificate.already-revoked");
  assert.equal(world.codeOf(revoke("99")), "certificate.not-found");
  assert.equal(world.codeOf(revoke("01")), "certificate.of-authority");
  assert.equal(world.codeOf(revoke("20"), { actor: serverA }), "access.denied");
});

test("[CT2] the only valid certificate of a server is not revoked, the older of two is", () => {
  const world = aSystem();
  const { tables } = world.state;
  const held = (serial: string): CertificateRow => ({
    ...aCertificate(serial, "server"),
    subject: `CN=A, serialNumber=${nodeId("A")}`,
  });
  const both = tables.certificates.set("30", held("30"));
  world.state = { ...world.state, tables: { ...tables, certificates: both } };
  assert.equal(world.codeOf(revoke("30")), "certificate.last-of-server");
  assert.equal(world.codeOf(revoke("30"), { at: noon + 1_001 * hour }), "accepted");
  const three = both.set("31", held("31"));
  world.state = { ...world.state, tables: { ...tables, certificates: three } };
  world.must(revoke("30"));
  assert.equal(world.codeOf(revoke("31")), "certificate.last-of-server");
});

test("[CT3][PK5] only a list with the number that is due and all that is revoked is journalled", () => {
  const world = aSystem();
  const first = listOf(world, noon);
  const [fact] = world.must(first, { actor: serverA });
  assert.ok(factShapes["crl-published"].safeParse(fact).success);
  assert.equal(world.state.tables.crls.get("issuing")?.number, noon / second);
  assert.equal(world.codeOf(first, { actor: serverA }), "certificate.list-overtaken");
  const next = listOf(world, noon + 1);
  world.must(issue("20"));
  world.must(revoke("20"));
  assert.equal(world.codeOf(next, { actor: serverA }), "certificate.list-overtaken");
  assert.equal(world.codeOf(listOf(world, noon + 1)), "access.denied");
  world.must(listOf(world, noon + 1), { actor: serverA });
  assert.equal(world.state.tables.crls.get("issuing")?.number, noon / second + 1);
  const endless = listOf(world, noon + day, { nextUpdate: noon + day });
  assert.equal(world.codeOf(endless, { actor: serverA }), "certificate.list-overtaken");
});

test("[CT3] a number is above all that any history gave before", () => {
  const present = aSystem();
  const lost = aSystem();
  for (let more = 0; more < 5; more++) lost.must(listOf(lost, noon + more), { actor: serverA });
  present.must(listOf(present, noon + 10 * second), { actor: serverA });
  const number = (world: World): number => world.state.tables.crls.get("issuing")?.number ?? 0;
  assert.ok(number(present) > number(lost));
});

test("[CT4] what has expired leaves the list, but for one list after its end", () => {
  const world = aSystem();
  world.must(issue("20"));
  world.must(revoke("20"));
  const revoked = revokedBy(world.state, "issuing");
  const end = noon + 1_000 * hour;
  assert.equal(listedAt(revoked, end + crlLife - 1).length, 1);
  assert.equal(listedAt(revoked, end + crlLife).length, 0);
});

test("[CT5][HS9] a revocation in a lost tail is told while it does not hold, and made again", () => {
  const present = aSystem();
  const lost = aSystem();
  for (const world of [present, lost]) world.must(issue("20"));
  const facts = lost.must(revoke("20"), { at: noon + hour });
  assert.ok(lost.last);
  const about = {
    mark: "acknowledged",
    forkedAt: noon,
    by: nodeId("A"),
    setAsideAt: noon + day,
  } as const;
  const [row] = setAsideRows(lost.last, about);
  assert.ok(row);
  const losses = (now: number) => lossesOf(row, facts, { state: present.state, now });
  assert.match(losses(noon + day)[0] ?? "", /certificate of 20 \(20\) was revoked .* is valid now/);
  assert.deepEqual(losses(noon + 1_001 * hour), []);
  present.must({ kind: "record-set-aside", row }, { actor: serverA, at: noon + day });
  present.must({ kind: "reapply-set-aside", id: row.id, reason: "" }, { at: noon + day });
  const { revoked } = present.state.tables.certificates.get("20") ?? {};
  assert.deepEqual(revoked, { at: noon + day, reason: "keyCompromise", by: "admin" });
  assert.deepEqual(losses(noon + day), []);
  const unknown = lossesOf(row, facts, { state: aSystem().state, now: noon + day });
  assert.match(unknown[0] ?? "", /certificate 20 was revoked .*, unknown now/);
});

test("[CT5] a list of a lost tail is not brought back", () => {
  const present = aSystem();
  const lost = aSystem();
  lost.must(listOf(lost, noon), { actor: serverA });
  assert.ok(lost.last);
  const about = {
    mark: "acknowledged",
    forkedAt: noon,
    by: nodeId("A"),
    setAsideAt: noon,
  } as const;
  const [row] = setAsideRows(lost.last, about);
  assert.ok(row);
  present.must({ kind: "record-set-aside", row }, { actor: serverA });
  present.must({ kind: "reapply-set-aside", id: row.id, reason: "" });
  assert.equal(present.state.tables.crls.size, 0);
});

test("[CT1][CT2] orders that a Standby passes on are read as they were, but for lists", () => {
  const about = { actor: anActor("admin"), requestId: "0".repeat(26) };
  for (const command of [issue("20"), revoke("20")]) {
    const read = parseOrder({ command, ...about });
    assert.ok(read.ok, command.kind);
    assert.deepEqual(read.value.command, command);
  }
  assert.equal(parseOrder({ command: listOf(aSystem(), noon), ...about }).ok, false);
});

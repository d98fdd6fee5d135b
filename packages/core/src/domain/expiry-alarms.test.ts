import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceId, sealed } from "../base/identity.ts";
import { day, hour, type Instant } from "../base/time.ts";
import { expiryAlarms, expiryText } from "./expiry-alarms.ts";
import { aCertificate, aServer, aStation, noon, serverA, type World } from "./fixtures.ts";
import { crlLife, nextCrlNumber } from "./revocation.ts";
import type { CertificateRow } from "./types.ts";
import { watchedKinds, watchedLives, type WatchedLife } from "./watched-lives.ts";

const life = { notBefore: noon, notAfter: noon + 730 * day };

function lives(world: World): readonly string[] {
  return watchedLives(world.state, aServer("A").id).map(
    ({ kind, name, id }) => `${kind} ${name} ${id}`,
  );
}

function certificate(
  serial: string,
  profile: CertificateRow["profile"],
  name: string,
  more: Partial<CertificateRow> = {},
): CertificateRow {
  return { ...aCertificate(serial, profile), ...life, name, subject: `CN=${name}`, ...more };
}

test("[CT8][CS12] of each holder the certificate that ends last is watched, and none that is revoked", () => {
  const world = aStation();
  const own = { subject: "CN=A, serialNumber=A" };
  const last = { ...own, notAfter: life.notAfter + 1 };
  const renew = (...certificates: readonly CertificateRow[]) =>
    world.must({ kind: "renew-server", id: aServer("A").id, certificates }, { actor: serverA });
  renew(certificate("20", "server", "A", last), certificate("21", "replica-signer", "A", own));
  renew(certificate("22", "server", "A", own));
  const issue = (serial: string, profile: CertificateRow["profile"]) =>
    world.must({ kind: "issue-certificate", certificate: certificate(serial, profile, "Tool") });
  issue("30", "engineering-tool");
  issue("31", "person");
  issue("32", "person");
  world.must({ kind: "revoke-certificate", serial: "32", reason: "superseded" });
  const id = deviceId("Q01");
  const about = { manufacturer: "", type: "", accessPoints: [], area: "Hill/Q01" };
  const devices = [{ id, name: "Q01", ...about }];
  world.must({ kind: "register-devices", devices, group: world.group });
  world.must({ kind: "issue-device-code", id, verifier: sealed("code"), expiresAt: noon + hour });
  const enrolled = certificate("40", "device", "Q01");
  world.must({ kind: "enrol-device", id, certificate: enrolled }, { actor: serverA });
  assert.deepEqual(lives(world).toSorted(), [
    "authority 01 01",
    "device Q01 40",
    "own A 20",
    "own A, replica signer 21",
    "party engineering-tool Tool 30",
    "party person Tool 31",
  ]);
  assert.ok(watchedLives(world.state, aServer("B").id).some(({ kind }) => kind === "partner"));
  world.must({ kind: "revoke-certificate", serial: "40", reason: "keyCompromise" });
  assert.ok(!lives(world).includes("device Q01 40"));
});

test("[CT8][CS12] a revocation list is called by the subject of its authority", () => {
  const world = aStation();
  const crl = {
    authority: "issuing",
    number: nextCrlNumber(world.state, "issuing", noon),
    thisUpdate: noon,
    nextUpdate: noon + crlLife,
    revoked: 0,
    encoded: "",
    responder: { certificate: "", key: sealed("v1.responder") },
  };
  world.must({ kind: "publish-crl", crl }, { actor: serverA });
  assert.deepEqual(
    lives(world).filter((each) => each.startsWith("list ")),
    [`list CN=01 ${crl.number}`],
  );
});

function aLife(more: Partial<WatchedLife> = {}): WatchedLife {
  return { kind: "device", name: "Q01", id: "10", ...life, ...more };
}

function codesAt(all: readonly WatchedLife[], now: Instant): readonly string[] {
  return expiryAlarms(all, now).map(({ code, text }) => `${code}: ${text}`);
}

test("[CT8][CS12] one alarm tells of each kind and stage, with names, since when, and the remedy of it", () => {
  const all = [
    aLife(),
    aLife({ name: "Q02", id: "11" }),
    aLife({ kind: "own", name: "A", id: "12", notAfter: life.notAfter - 31 * day }),
  ];
  const at = life.notAfter - 30 * day;
  assert.deepEqual(codesAt(all, noon), []);
  assert.deepEqual(codesAt(all, at), [
    "expiry.own: A certificate of this server has ended: A (2028-04-30T12:00:00.000Z).",
    "expiry.device: 2 times a certificate of a device ends within 30 days: " +
      "Q01 (2028-05-31T12:00:00.000Z), Q02 (2028-05-31T12:00:00.000Z).",
  ]);
  const [own, devices] = expiryAlarms(all, life.notAfter + 1);
  assert.match(own?.text ?? "", /has ended: A \(/);
  assert.match(own?.remedy ?? "", /gridward doctor DIR --repair/);
  assert.match(devices?.remedy ?? "", /gridward ied renew/);
  assert.equal(devices?.since, new Date(life.notAfter + 1).toISOString());
});

test("[CT8] thousands are counted, ten are named; every kind has a remedy before and after the end", () => {
  const many = Array.from({ length: 5_000 }, (_, index) => aLife({ name: `Q${index}` }));
  const [alarm, ...more] = expiryAlarms(many, life.notAfter);
  assert.equal(more.length, 0);
  assert.match(alarm?.text ?? "", /^5000 times .*, and 4990 more\.$/);
  assert.ok((alarm?.text.length ?? 0) < 1_000);
  for (const kind of watchedKinds) {
    const one = [aLife({ kind })];
    for (const now of [life.notAfter, life.notAfter + day]) {
      const [{ code, remedy } = { code: "", remedy: "" }] = expiryAlarms(one, now);
      assert.deepEqual([code, remedy.length > 20], [`expiry.${kind}`, true]);
      assert.match(remedy, /`gridward [a-z]/);
    }
    assert.match(expiryText(aLife({ kind }), 7), /ends within 7 days: Q01, number 10, 2028-/);
  }
});

test("[CT8] a third party that left is forgotten a month after the end, a device is not", () => {
  const late = life.notAfter + 31 * day;
  assert.deepEqual(expiryAlarms([aLife({ kind: "party" })], late), []);
  assert.equal(expiryAlarms([aLife()], late).length, 1);
});

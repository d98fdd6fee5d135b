import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { deviceId, nodeId, sealed } from "../base/identity.ts";
import { assert as need } from "../base/result.ts";
import { day, hour, type Instant } from "../base/time.ts";
import { expiryDays, expiryStage, renewalDue, stagesReached } from "./certificate-life.ts";
import { heldCertificate } from "./device-certificate.ts";
import { aCertificate, anActor, aServer, aStation, noon, serverA, type World } from "./fixtures.ts";
import { parseEntry } from "./parse-entry.ts";
import type { Actor, DeviceRow } from "./types.ts";

const id = deviceId("Q01");
const itself: Actor = { ...anActor("Q01"), kind: "device" };

/** Q01, enrolled with the certificate of serial number 10. */
function aBay(): World {
  const world = aStation();
  const about = { manufacturer: "", type: "", accessPoints: [], area: "Hill/Q01" };
  world.must({
    kind: "register-devices",
    devices: [{ id, name: "Q01", ...about }],
    group: world.group,
  });
  enrol(world, "10");
  return world;
}

function enrol(world: World, serial: string): void {
  world.must({ kind: "issue-device-code", id, verifier: sealed("code"), expiresAt: noon + hour });
  world.must(
    { kind: "enrol-device", id, certificate: aCertificate(serial, "device") },
    { actor: itself },
  );
}

function renew(world: World, of: string, serial: string, at: Instant = noon): string {
  const certificate = aCertificate(serial, "device");
  return world.codeOf({ kind: "renew-device", id, of, certificate }, { actor: itself, at });
}

function counting(world: World, at: Instant = noon): readonly string[] {
  const device: DeviceRow | undefined = world.state.tables.devices.get(id);
  need(device !== undefined, "Q01 is registered");
  return ["10", "11", "12", "13"].filter(
    (serial) => heldCertificate(world.state, device, at, (held) => held.serial === serial) !== null,
  );
}

test("[DEV5][PK8] the renewed certificate counts beside the one that it was renewed with", () => {
  const world = aBay();
  assert.equal(renew(world, "10", "11"), "accepted");
  need(world.last !== undefined, "an entry was made");
  assert.ok(parseEntry({ ...world.last, prev: "0".repeat(64) }).ok);
  assert.deepEqual(counting(world), ["10", "11"]);
  // The answer with 11 was lost: the device has 10 still, and asks again.
  assert.equal(renew(world, "10", "12"), "accepted");
  assert.deepEqual(counting(world), ["10", "12"]);
  assert.equal(renew(world, "11", "13"), "enrolment.not-renewed");
  assert.equal(renew(world, "12", "13"), "accepted");
  assert.deepEqual(counting(world), ["12", "13"]);
});

test("[DEV5] whoever holds the key that was exchanged neither connects nor renews after some days", () => {
  const world = aBay();
  assert.equal(renew(world, "10", "11"), "accepted");
  // Each try with the old one leaves its end where it is.
  assert.equal(renew(world, "10", "12", noon + 6 * day), "accepted");
  assert.deepEqual(counting(world, noon + 7 * day - 1), ["10", "12"]);
  assert.deepEqual(counting(world, noon + 7 * day), ["12"]);
  assert.equal(renew(world, "10", "13", noon + 7 * day), "enrolment.not-renewed");
  assert.equal(renew(world, "12", "13", noon + 8 * day), "accepted");
  assert.deepEqual(counting(world, noon + 8 * day), ["12", "13"]);
});

test("[DEV7][PK8] what a device renewed with counts no more once it was seen with the new one", () => {
  const world = aBay();
  const confirm = (serial: string, actor: Actor = serverA): string =>
    world.codeOf({ kind: "confirm-renewal", id, serial }, { actor });
  assert.equal(confirm("10"), "device.nothing-to-confirm");
  assert.equal(renew(world, "10", "11"), "accepted");
  for (const actor of [itself, anActor("admin")]) {
    assert.equal(confirm("11", actor), "access.denied");
  }
  assert.equal(confirm("10"), "device.nothing-to-confirm");
  assert.equal(confirm("11"), "accepted");
  need(world.last !== undefined, "an entry was made");
  assert.ok(parseEntry({ ...world.last, prev: "0".repeat(64) }).ok);
  assert.deepEqual(counting(world), ["11"]);
  assert.equal(renew(world, "10", "12"), "enrolment.not-renewed");
  assert.equal(confirm("11"), "device.nothing-to-confirm");
  assert.equal(renew(world, "11", "12"), "accepted");
  assert.deepEqual(counting(world), ["11", "12"]);
});

test("[DEV7] the old one counts on while the new one was not seen, and so does what it renewed to since", () => {
  const world = aBay();
  assert.equal(renew(world, "10", "11"), "accepted");
  // The answer was lost, and it asked again: 11 is nobody's any more, and confirms nothing.
  assert.equal(renew(world, "10", "12"), "accepted");
  const late = { kind: "confirm-renewal", id, serial: "11" } as const;
  assert.equal(world.codeOf(late, { actor: serverA }), "device.nothing-to-confirm");
  assert.deepEqual(counting(world), ["10", "12"]);
  const strange = { ...late, id: deviceId("Q02") };
  assert.equal(world.codeOf(strange, { actor: serverA }), "device.not-found");
});

test("[DEV5] nothing renews that is revoked, has ended, is another's or lost, and a code ends the overlap", () => {
  const ended = aBay();
  assert.equal(
    renew(ended, "10", "11", aCertificate("10", "device").notAfter),
    "enrolment.not-renewed",
  );
  const world = aBay();
  assert.equal(renew(world, "10", "11"), "accepted");
  const wrong = {
    kind: "renew-device",
    id,
    of: "10",
    certificate: aCertificate("12", "server"),
  } as const;
  assert.equal(world.codeOf(wrong, { actor: itself }), "certificate.wrong-profile");
  assert.equal(renew(world, "10", "11"), "certificate.exists");
  const other = { ...itself, id: "Q02" };
  const certificate = aCertificate("12", "device");
  const stranger = { kind: "renew-device", id, of: "10", certificate } as const;
  assert.equal(world.codeOf(stranger, { actor: other }), "access.denied");
  world.must({ kind: "revoke-certificate", serial: "11", reason: "keyCompromise" });
  assert.deepEqual(counting(world), []);
  assert.equal(renew(world, "10", "12"), "enrolment.not-renewed");
  enrol(world, "12");
  assert.deepEqual(counting(world), ["12"]);
});

test("[DEV5] a device that renews in a loop is stopped for a day", () => {
  const world = aBay();
  const within = { ...aCertificate("0", "device"), name: "Q01" };
  const next = (number: number, at: Instant): string => {
    const device = world.state.tables.devices.get(id);
    const certificate = {
      ...within,
      serial: `s${number}`,
      fingerprint: `s${number}`,
      notBefore: at,
    };
    const of = device?.certificate?.serial ?? "";
    return world.codeOf({ kind: "renew-device", id, of, certificate }, { actor: itself, at });
  };
  const outcomes = Array.from({ length: 30 }, (_, number) => next(number, noon + number));
  assert.equal(outcomes.filter((code) => code === "accepted").length, 24);
  assert.equal(outcomes.at(-1), "enrolment.too-often");
  assert.equal(next(31, noon + day + hour), "accepted");
});

test("[CT6][PK8] a server journals its own new certificates, and nobody else's", () => {
  const world = aStation();
  const own = (serial: string, profile: "server" | "replica-signer" | "device", server = "A") => ({
    ...aCertificate(serial, profile),
    subject: `CN=${server}, serialNumber=${server}`,
  });
  const order = (certificates: readonly ReturnType<typeof own>[], actor: Actor = serverA): string =>
    world.codeOf({ kind: "renew-server", id: aServer("A").id, certificates }, { actor });
  assert.equal(order([own("20", "server"), own("21", "replica-signer")]), "accepted");
  need(world.last !== undefined, "an entry was made");
  assert.ok(parseEntry({ ...world.last, prev: "0".repeat(64) }).ok);
  assert.equal(world.state.tables.certificates.get("21")?.profile, "replica-signer");
  assert.equal(order([own("20", "server")]), "certificate.exists");
  assert.equal(order([own("22", "device")]), "certificate.wrong-profile");
  assert.equal(order([own("22", "server", "B")]), "certificate.wrong-profile");
  assert.equal(order([own("22", "server")], { ...serverA, id: "B" }), "access.denied");
  assert.equal(order([own("22", "server")], anActor("admin")), "access.denied");
  const gone = { kind: "renew-server", id: nodeId("B"), certificates: [] } as const;
  assert.equal(world.codeOf(gone, { actor: { ...serverA, id: "B" } }), "pair.server-not-found");
});

const years = { notBefore: noon, notAfter: noon + 730 * day };

test("[CT7][CS12] each stage is announced when it comes, once, and the end as well", () => {
  const { notAfter } = years;
  const at = (left: number): unknown => expiryStage(years, notAfter - left * day);
  assert.deepEqual(
    [at(61), at(60), at(31), at(30), at(8), at(7), at(1), at(0)],
    [null, 60, 60, 30, 14, 7, 1, 1],
  );
  assert.equal(expiryStage(years, notAfter + 1), 0);
  const reached: number[] = [];
  for (let now = noon; now < notAfter + 20 * day; now += 7 * day) {
    reached.push(...stagesReached(years, now - 7 * day, now));
  }
  assert.deepEqual(reached, [...expiryDays, 0]);
});

test("[CT7] only the last third of a life is announced: a list of a week on its last day", () => {
  const week = { notBefore: noon, notAfter: noon + 7 * day };
  assert.deepEqual(stagesReached(week, noon - 1, noon + 30 * day), [1, 0]);
  const month = { notBefore: noon, notAfter: noon + 30 * day };
  assert.deepEqual(stagesReached(month, noon - 1, noon + 60 * day), [7, 1, 0]);
});

test("[CT7] whatever the life and the steps of the clock, the alarm is the last stage that was announced", () => {
  const steps = fc.array(fc.nat(40 * day), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4_000 * day }), steps, (length, all) => {
      const life = { notBefore: noon, notAfter: noon + length };
      let [now, last]: [number, number | null] = [noon, null];
      assert.ok(renewalDue(life) >= noon && renewalDue(life) <= life.notAfter);
      for (const step of all) {
        last = stagesReached(life, now, now + step).at(-1) ?? last;
        now += step;
        assert.equal(expiryStage(life, now), last);
      }
    }),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { day, hour } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { CertificateRenewer } from "./certificate-renewer.ts";
import { OwnCertificate, type DeviceIdentity } from "./own-certificate.ts";

const start = Date.UTC(2027, 0, 1);
const life = 730 * day;
const granted = (): Refusal | null => null;

/** A device whose servers answer as `refusal` says. */
function aDevice() {
  const authority = testAuthority("Hill", start);
  const world = {
    now: start,
    refusal: granted(),
    asked: new Array<string | null>(),
    pass: async (ms: number): Promise<void> => {
      world.now += ms;
      renewer.tick();
      renewer.tick();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const issue = (): DeviceIdentity => authority.issue({ profile: "device", now: world.now });
  const own = new OwnCertificate(issue());
  const renewer = new CertificateRenewer({
    own,
    anchors: { all: [authority.certificate] },
    renew: async (_, code): Promise<Result<DeviceIdentity, Refusal>> => {
      world.asked.push(code?.reveal() ?? null);
      return world.refusal === null ? ok(issue()) : err(world.refusal);
    },
    clock: { now: () => world.now, monotonic: () => world.now, sleep: async () => {} },
    random: () => 0.5,
  });
  return { world, own, renewer };
}

test("[IN6][PK8] the certificate is renewed from two thirds of its life on, tried hourly, and shown at once", async () => {
  const { world, own, renewer } = aDevice();
  const first = own.now;
  const shown: DeviceIdentity[] = [];
  own.onChange((now) => void shown.push(now));
  await world.pass((life * 2) / 3 - hour);
  assert.deepEqual([world.asked, renewer.warning()], [[], null]);
  world.refusal = { code: "enrolment.failed", detail: "A at 192.0.2.1: no answer in time" };
  await world.pass(2 * hour);
  await world.pass(hour / 2);
  assert.deepEqual([world.asked.length, own.now], [1, first]);
  assert.match(renewer.warning() ?? "", /ends in 244 days; .*no answer in time/);
  world.refusal = null;
  await world.pass(hour);
  assert.notEqual(own.now, first);
  assert.deepEqual([world.asked, shown, renewer.warning()], [[null, null], [own.now], null]);
  await world.pass(hour);
  assert.equal(world.asked.length, 2);
});

test("[IN6][PK8] what has ended is not asked for again and again, and a code of an administrator renews it", async () => {
  const { world, own, renewer } = aDevice();
  const first = own.now;
  await world.pass(life + day);
  assert.deepEqual([world.asked, own.now], [[], first]);
  assert.match(renewer.warning() ?? "", /ended 2028-.*gridward ied renew/);
  const renewed = await renewer.renew(new Secret("CODE"));
  assert.ok(renewed.ok);
  assert.deepEqual([world.asked, own.now, renewer.warning()], [["CODE"], renewed.value, null]);
});

import assert from "node:assert/strict";
import { createPublicKey, type KeyObject, type X509Certificate } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { day } from "@gridward/core/base/time";
import { heldCertificate } from "@gridward/core/domain/device-certificate";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { greedyRequest } from "@gridward/runtime/trust/test-greedy-request";
import { decodeCertsOnly } from "@gridward/runtime/trust/x509/certs-only";
import { createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { fingerprintOf, serialOf } from "@gridward/runtime/trust/x509/read";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import { isEnrolled } from "../../link-port.ts";
import type { MountedAnswer } from "../../mounted-route.ts";
import { aBay, anEnrolment, aRenewal, aRequest, type TestBay } from "./a-bay.ts";

const start = Date.UTC(2027, 0, 1);
const life = 730 * day;

function certificateOf({ status, body }: MountedAnswer): X509Certificate {
  assert.equal(status, 200, String(body));
  const decoded = decodeCertsOnly(Buffer.from(String(body), "base64"));
  const [certificate, ...more] = decoded.ok ? decoded.value : [];
  assert.ok(certificate !== undefined && more.length === 0);
  return certificate;
}

/** Q01 has enrolled. */
async function anEnrolled(
  key: KeyObject = createTlsKey(),
): Promise<{ readonly bay: TestBay; readonly first: X509Certificate; readonly key: KeyObject }> {
  const bay = aBay(start);
  const first = certificateOf(await bay.enrol(anEnrolment("Q01", bay.issueCode(), key)));
  return { bay, first, key };
}

function isIn(bay: TestBay, certificate: X509Certificate): boolean {
  const { front } = bay.system;
  return isEnrolled(front.state(), bay.q01().id, fingerprintOf(certificate), front.now());
}

test("[EST12][PK4][PK8] a device renews with the certificate it has, for the same key and for a new one", async () => {
  const { bay, first, key } = await anEnrolled();
  bay.system.pass((life * 2) / 3);
  const second = certificateOf(await bay.renew(aRenewal(first, key)));
  assert.ok(second.publicKey.equals(createPublicKey(key)));
  assert.deepEqual([second.subject, second.subjectAltName], [first.subject, first.subjectAltName]);
  assert.deepEqual([isIn(bay, first), isIn(bay, second)], [true, true]);
  assert.equal(bay.system.asked().at(-1), "renew-device");
  const fresh = createTlsKey();
  const third = certificateOf(await bay.renew(aRenewal(second, fresh)));
  assert.ok(third.publicKey.equals(createPublicKey(fresh)));
  assert.deepEqual([isIn(bay, first), isIn(bay, second), isIn(bay, third)], [false, true, true]);
});

test("[EST12] a lost answer is given again to the same certificate and key", async () => {
  const { bay, first } = await anEnrolled();
  const renewal = aRenewal(first);
  const given = await bay.renew(renewal);
  assert.deepEqual(await bay.renew(renewal), given);
  bay.refuseChanges({ code: "pair.not-main", detail: "" });
  assert.deepEqual(await bay.renew(renewal), given);
  assert.equal((await bay.renew(aRenewal(first))).status, 503);
});

test("[EST13] what does not count does not renew, and is told why", async () => {
  const { bay, first } = await anEnrolled();
  const stranger = testAuthority("Ours", start).issue({ profile: "device" }).certificate;
  const cases: readonly (readonly [Uint8Array | null, RegExp])[] = [
    [null, /T09/],
    [stranger.raw, /T02/],
    [bay.system.authority.raw, /T01|T06/],
  ];
  for (const [certificate, says] of cases) {
    const answer = await bay.renew({ ...aRenewal(first), certificate });
    assert.equal(answer.status, 403);
    assert.match(String(answer.body), says);
  }
  assert.deepEqual(
    bay.refused.map(({ refusal }) => refusal.code),
    cases.map(() => "enrolment.not-renewed"),
  );
  const second = certificateOf(await bay.renew(aRenewal(first)));
  const third = certificateOf(await bay.renew(aRenewal(second)));
  assert.match(String((await bay.renew(aRenewal(first))).body), /replaced/);
  const { order } = bay.system;
  order({ kind: "revoke-certificate", serial: serialOf(third), reason: "keyCompromise" });
  assert.equal((await bay.renew(aRenewal(third))).status, 403);
  assert.equal((await bay.renew(aRenewal(second))).status, 403);
  bay.loseQ01();
  assert.equal((await bay.renew(aRenewal(third))).status, 403);
});

test("[EST13][PK8] after the end a new code of an administrator is the way back", async () => {
  const { bay, first, key } = await anEnrolled();
  bay.system.pass(life + day);
  const late = await bay.renew(aRenewal(first, key));
  assert.equal(late.status, 403);
  assert.match(String(late.body), /T03.*gridward device package/s);
  const code = bay.issueCode();
  const second = certificateOf(
    await bay.enrol({ ...anEnrolment("Q01", code, key), certificate: first.raw }),
  );
  assert.deepEqual([isIn(bay, first), isIn(bay, second)], [false, true]);
  const { front } = bay.system;
  const held = heldCertificate(front.state(), bay.q01(), front.now(), () => true);
  assert.equal(held?.fingerprint, fingerprintOf(second));
});

test("[EST14][PK2] a request for other names renews nothing, whatever else it asks", async () => {
  const { bay, first } = await anEnrolled();
  const asked = bay.system.asked().length;
  const key = createTlsKey();
  for (const der of [createRequest(key, "Q01"), greedyRequest(key, bay.system.self.node)]) {
    const body = Buffer.from(Buffer.from(der).toString("base64"));
    const answer = await bay.renew({ ...aRenewal(first), body });
    assert.equal(answer.status, 400);
    assert.match(String(answer.body), /x509toreq/);
  }
  assert.equal(bay.system.asked().length, asked);
});

test("[EST15][PK4] csrattrs names P-256 and ECDSA with SHA-256", async () => {
  const bay = aBay(start);
  const route = bay.routes.find(({ path }) => path.endsWith("/csrattrs"));
  const answer = await route?.answer(aRequest({}));
  assert.deepEqual([answer?.status, route?.method], [200, "GET"]);
  assert.equal(answer?.headers["content-type"], "application/csrattrs");
  const der = Buffer.from(String(answer?.body), "base64").toString("hex");
  assert.equal(der, "302106082a8648ce3d040302301506072a8648ce3d0201310a06082a8648ce3d030107");
});

test("[EST9][EST13] any bytes as request and as certificate get an answer below 500", async () => {
  const { bay, first } = await anEnrolled();
  const sound = aRenewal(first);
  const damage = (bytes: Uint8Array) =>
    fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, byte]) => {
      const copy = Uint8Array.from(bytes);
      copy[at] = byte;
      return copy;
    });
  const der = Buffer.from(Buffer.from(sound.body).toString(), "base64");
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    damage(sound.body),
    damage(der).map((bytes) => Buffer.from(Buffer.from(bytes).toString("base64"))),
  );
  const shown = fc.oneof(
    fc.constant(first.raw),
    damage(first.raw),
    fc.uint8Array({ maxLength: 99 }),
  );
  await fc.assert(
    fc.asyncProperty(body, shown, async (bytes, certificate) => {
      const { status } = await bay.renew({ ...sound, body: bytes, certificate });
      assert.ok([200, 400, 403, 413, 415].includes(status), String(status));
    }),
    { numRuns: 300 },
  );
});

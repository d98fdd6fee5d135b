import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type X509Certificate } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { Secret } from "@gridward/core/base/secret";
import { nodeId } from "@gridward/core/base/identity";
import { hour } from "@gridward/core/base/time";
import { emptyState } from "@gridward/core/domain/state";
import { greedyRequest } from "@gridward/runtime/trust/test-greedy-request";
import { decodeCertsOnly } from "@gridward/runtime/trust/x509/certs-only";
import { createSigningKey, createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { certificateNameOf, fingerprintOf } from "@gridward/runtime/trust/x509/read";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import type { MountedAnswer } from "../../mounted-route.ts";
import { aServer } from "../https/a-server.ts";
import { aBay, anEnrolment, aRequest, type TestBay } from "./a-bay.ts";
import { estRoutes } from "./est-routes.ts";

const start = Date.UTC(2027, 0, 1);
const wrong = new Secret("WRONG-WRONG-WRONG-WRONG-WRONG0");

const aBlankServer = {
  node: nodeId("A"),
  duty: "none",
  state: "blank",
  canSignIn: false,
  fresh: false,
  ageMs: 0,
} as const;

function certificatesOf({ status, body }: MountedAnswer): readonly X509Certificate[] {
  assert.equal(status, 200, String(body));
  const decoded = decodeCertsOnly(Buffer.from(String(body), "base64"));
  assert.ok(decoded.ok);
  return decoded.value;
}

function text({ headers, body }: MountedAnswer): string {
  assert.match(headers["content-type"] ?? "", /^text\/plain/);
  assert.match(String(body), /^[A-Z].*\.\n$/);
  return String(body);
}

test("[EST1][PK4] cacerts gives the authority's certificate, also on a Standby", async () => {
  const bay = aBay(start);
  bay.become({ duty: "standby", state: "standby-valid" });
  const answer = await bay.authorities();
  assert.equal(answer.headers["content-type"], "application/pkcs7-mime");
  const [first, ...more] = certificatesOf(answer);
  assert.equal(first?.fingerprint256, bay.system.authority.fingerprint256);
  assert.equal(more.length, 0);
});

test("[EST1] a blank server has no authority to give", async () => {
  const front = { ...aBay(start).system.front, state: () => emptyState };
  const [authorities] = estRoutes({
    front: { ...front, condition: () => ({ ...aBlankServer, at: start }) },
    systemKey: () => null,
    isReplaced: () => false,
    record: () => {},
  });
  const answer = await authorities?.answer(aRequest({}));
  assert.deepEqual([answer?.status, answer?.headers["retry-after"]], [503, "5"]);
});

test("[EST2][PK3][PK4] the code gets a certificate for the device's own key, after the commit", async () => {
  const bay = aBay(start);
  const key = createTlsKey();
  const answer = await bay.enrol(anEnrolment("q01", bay.issueCode(), key));
  const type = "application/pkcs7-mime; smime-type=certs-only";
  assert.equal(answer.headers["content-type"], type);
  const [certificate, ...more] = certificatesOf(answer);
  assert.ok(certificate !== undefined && more.length === 0);
  assert.ok(certificate.publicKey.equals(createPublicKey(key)));
  assert.ok(certificate.verify(bay.system.authority.publicKey));
  const device = bay.q01();
  assert.deepEqual(certificateNameOf(certificate), { kind: "device", device: device.id });
  assert.equal(device.status, "enrolled");
  assert.equal(device.certificate?.fingerprint, fingerprintOf(certificate));
  assert.equal(bay.system.asked().at(-1), "enrol-device");
});

test("[EST2][PK2] a request decides nothing but the key, and an id names the device too", async () => {
  const bay = aBay(start);
  const { id } = bay.q01();
  const { headers } = anEnrolment(id, bay.issueCode());
  const der = greedyRequest(createTlsKey(), bay.system.self.node);
  const body = Buffer.from(Buffer.from(der).toString("base64"));
  const [certificate] = certificatesOf(await bay.enrol({ headers, body }));
  assert.match(certificate?.subject ?? "", /CN=Q01/);
  assert.doesNotMatch(certificate?.subjectAltName ?? "", /server|example/);
});

test("[EST3][AM10] every code that does not count gets one and the same answer", async () => {
  const bay = aBay(start);
  const code = bay.issueCode(hour);
  const unknown = await bay.enrol(anEnrolment("Q99", code));
  assert.equal(unknown.status, 403);
  text(unknown);
  const others = [
    anEnrolment("Q01", wrong),
    anEnrolment("Q02", code),
    anEnrolment("Q01", new Secret("")),
  ];
  for (const other of others) assert.deepEqual(await bay.enrol(other), unknown);
  bay.system.pass(hour);
  assert.deepEqual(await bay.enrol(anEnrolment("Q01", code)), unknown);
  const used = bay.issueCode();
  certificatesOf(await bay.enrol(anEnrolment("Q01", used)));
  assert.deepEqual(await bay.enrol(anEnrolment("Q01", used)), unknown);
  assert.equal(bay.system.asked().filter((kind) => kind === "enrol-device").length, 1);
});

test("[EST3][AM10] a lost device gets that answer, also with an open code and an earlier certificate", async () => {
  const bay = aBay(start);
  const enrolment = anEnrolment("Q01", bay.issueCode());
  const unknown = await bay.enrol(anEnrolment("Q99", wrong));
  // Lost between the check of the code and the commit: the one who commits looks again.
  bay.refuseChanges({ code: "device.lost", detail: "Q01" });
  assert.deepEqual(await bay.enrol(enrolment), unknown);
  assert.equal(bay.refused.at(-1)?.refusal.code, "device.lost");
  const again = aBay(start);
  const [first, second] = [again.issueCode(), again.issueCode()];
  certificatesOf(await again.enrol(anEnrolment("Q01", second)));
  again.loseQ01();
  const asked = again.system.asked().length;
  for (const code of [first, second]) {
    assert.deepEqual(await again.enrol(anEnrolment("Q01", code)), unknown);
  }
  const open = aBay(start);
  const kept = anEnrolment("Q01", open.issueCode());
  open.loseQ01();
  assert.deepEqual(await open.enrol(kept), unknown);
  assert.deepEqual([again.system.asked().length, open.q01().status], [asked, "registered"]);
});

test("[EST3] the code is judged before the request", async () => {
  const bay = aBay(start);
  bay.issueCode();
  const body = Buffer.from("not a request");
  assert.equal((await bay.enrol({ ...anEnrolment("Q01", wrong), body })).status, 403);
});

test("[EST4] who names no device and code is asked for them", async () => {
  const bay = aBay(start);
  const { headers, body } = anEnrolment("Q01", bay.issueCode());
  const nameless = Buffer.from(":code").toString("base64");
  const fields = [undefined, "", "Basic", "Basic !", `Basic ${nameless}`, "Basic Zm9v", "Bearer x"];
  for (const authorization of fields) {
    const answer = await bay.enrol({ headers: { ...headers, authorization }, body });
    assert.equal(answer.status, 401, authorization);
    assert.match(answer.headers["www-authenticate"] ?? "", /^Basic realm="/);
    text(answer);
  }
});

test("[EST5] a stranger who types wrong codes for a device spends its open one with none of them", async () => {
  const bay = aBay(start);
  const code = bay.issueCode();
  for (let time = 0; time < 20; time++) {
    assert.equal((await bay.enrol(anEnrolment("Q01", wrong))).status, 403);
  }
  certificatesOf(await bay.enrol(anEnrolment("Q01", code)));
});

test("[EST5] whoever tries to enrol or renew without end is slowed down, and what is for anyone is not", async (t) => {
  const bay = aBay(start);
  const server = await aServer({ mounted: bay.routes });
  t.after(async () => server.close());
  for (const path of ["simpleenroll", "simplereenroll"]) {
    const tries = Array.from({ length: 30 }, () => server.ask("POST", `/.well-known/est/${path}`));
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    assert.ok(statuses.includes(429), path);
  }
  const late = await server.ask("POST", "/.well-known/est/simpleenroll");
  assert.deepEqual([late.status, late.headers["retry-after"]], [429, "1"]);
  assert.equal((await server.ask("GET", "/.well-known/est/cacerts")).status, 200);
  assert.equal((await server.ask("POST", "/v1/session", { body: {} })).status, 400);
});

test("[EST6] a lost answer is given again to the same code and key, and to no other key", async () => {
  const bay = aBay(start);
  const key = createTlsKey();
  const code = bay.issueCode();
  const [first] = certificatesOf(await bay.enrol(anEnrolment("Q01", code, key)));
  bay.system.pass(hour);
  const [again] = certificatesOf(await bay.enrol(anEnrolment("Q01", code, key)));
  assert.equal(again?.fingerprint256, first?.fingerprint256);
  assert.equal(bay.q01().certificate?.fingerprint, again && fingerprintOf(again));
  assert.equal((await bay.enrol(anEnrolment("Q01", code))).status, 403);
  assert.equal((await bay.enrol(anEnrolment("Q02", code, key))).status, 403);
  certificatesOf(await bay.enrol(anEnrolment("Q01", bay.issueCode())));
  assert.equal((await bay.enrol(anEnrolment("Q01", code, key))).status, 403);
});

test("[EST6] of two that come together with one code, one key is certified", async () => {
  const bay = aBay(start);
  const code = bay.issueCode();
  const key = createTlsKey();
  const answers = await Promise.all([
    bay.enrol(anEnrolment("Q01", code, key)),
    bay.enrol(anEnrolment("Q01", code, key)),
    bay.enrol(anEnrolment("Q01", code)),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 403],
  );
  assert.deepEqual(answers[0], answers[1]);
});

test("[EST7] without a Main nothing is enrolled, and the device is told when to ask again", async () => {
  const bay = aBay(start);
  const enrolment = anEnrolment("Q01", bay.issueCode());
  for (const condition of [
    { duty: "standby", state: "standby-connecting", fresh: false },
    { duty: "fenced", state: "fenced" },
    { duty: "none", state: "blank" },
  ] as const) {
    bay.become(condition);
    const answer = await bay.enrol(enrolment);
    assert.deepEqual([answer.status, answer.headers["retry-after"]], [503, "5"]);
    text(answer);
  }
  bay.become({ duty: "main", state: "main-protected" });
  certificatesOf(await bay.enrol(enrolment));
});

test("[EST7][EST2] without a commit no certificate is sent", async () => {
  const bay = aBay(start);
  const enrolment = anEnrolment("Q01", bay.issueCode());
  for (const code of ["request.outcome-unknown", "pair.waiting", "disk.full"] as const) {
    bay.refuseChanges({ code, detail: "" });
    const answer = await bay.enrol(enrolment);
    assert.deepEqual([answer.status, answer.headers["retry-after"]], [503, "5"], code);
  }
  assert.equal(bay.q01().status, "registered");
});

test("[EST8] what is no request is refused with a sentence and leaves the code open", async () => {
  const bay = aBay(start);
  const code = bay.issueCode();
  const enrolment = anEnrolment("Q01", code);
  const { headers, body } = enrolment;
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
  const cases: readonly (readonly [Parameters<TestBay["enrol"]>[0], number, RegExp])[] = [
    [{ headers: { ...headers, "content-type": "text/plain" } }, 415, /application\/pkcs10/],
    [{ headers: { ...headers, "content-type": undefined } }, 415, /application\/pkcs10/],
    [{ body: new Uint8Array(16 * 1024 + 1) }, 413, /16 KiB/],
    [{ body: new Uint8Array() }, 400, /base64/],
    [{ body: Buffer.from("-----BEGIN CERTIFICATE REQUEST-----") }, 400, /base64/],
    [{ body: body.subarray(0, 40) }, 400, /not a PKCS#10/],
    [anEnrolment("Q01", code, createSigningKey()), 400, /P-256, P-384 or RSA/],
    [anEnrolment("Q01", code, weak), 400, /RSA key below 2048/],
  ];
  for (const [change, status, says] of cases) {
    const answer = await bay.enrol({ ...enrolment, ...change });
    assert.equal(answer.status, status, String(answer.body));
    assert.match(text(answer), says);
  }
  certificatesOf(await bay.enrol(enrolment));
});

test("[EST9] any bytes in body and header fields get an answer below 500", async () => {
  const bay = aBay(start);
  const code = bay.issueCode();
  const { headers, body } = anEnrolment("Q01", code);
  const field = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .uint8Array({ maxLength: 60 })
      .map((bytes) => `Basic ${Buffer.from(bytes).toString("base64")}`),
    fc.constant(headers["authorization"]),
    fc.constant([]),
  );
  const damaged = fc.tuple(fc.nat(body.length - 1), fc.nat(255)).map(([at, byte]) => {
    const copy = Uint8Array.from(body);
    copy[at] = byte;
    return copy;
  });
  const der = createRequest(createTlsKey(), "x");
  const damagedDer = fc.tuple(fc.nat(der.length - 1), fc.nat(255)).map(([at, byte]) => {
    const copy = Uint8Array.from(der);
    copy[at] = byte;
    return Buffer.from(Buffer.from(copy).toString("base64"));
  });
  const anyBody = fc.oneof(fc.uint8Array({ maxLength: 400 }), damaged, damagedDer);
  const type = fc.oneof(fc.constant(headers["content-type"]), fc.string({ unit: "binary" }));
  await fc.assert(
    fc.asyncProperty(field, type, anyBody, async (authorization, contentType, bytes) => {
      const fields = { authorization, "content-type": contentType };
      const { status } = await bay.enrol({ headers: fields, body: bytes });
      assert.ok([200, 400, 401, 403, 413, 415].includes(status), String(status));
    }),
    { numRuns: 300 },
  );
});

test("[EST10] line breaks and transfer encodings do not matter, and answers come in lines", async () => {
  const bay = aBay(start);
  const { headers, body } = anEnrolment("Q01", bay.issueCode());
  const broken = Buffer.from(Buffer.from(body).toString().replaceAll(/.{64}/g, "$&\r\n"));
  const encoding = { "content-transfer-encoding": "binary" };
  const fields = { ...headers, ...encoding, "content-type": "application/PKCS10; charset=x" };
  const answer = await bay.enrol({ headers: fields, body: broken });
  certificatesOf(answer);
  assert.match(String(answer.body), /^(?:[A-Za-z0-9+/]{76}\r\n)+[A-Za-z0-9+/]{1,76}={0,2}\r\n$/);
});

test("[EST11][AM7] a refused enrolment is told with the name that was said, address and cause", async () => {
  const bay = aBay(start);
  const code = bay.issueCode();
  await bay.enrol({});
  await bay.enrol(anEnrolment("Q99", code));
  await bay.enrol({ ...anEnrolment("Q01", wrong), source: "192.0.2.9" });
  const key = createTlsKey();
  await bay.enrol(anEnrolment("Q01", code, key));
  await bay.enrol(anEnrolment("Q01", code));
  bay.refuseChanges({ code: "pair.not-main", detail: "" });
  await bay.enrol(anEnrolment("Q01", bay.issueCode()));
  assert.deepEqual(
    bay.refused.map(({ name, source, refusal }) => [name, source, refusal.code]),
    [
      ["Q99", "127.0.0.1", "enrolment.rejected"],
      ["Q01", "192.0.2.9", "enrolment.rejected"],
      ["Q01", "127.0.0.1", "enrolment.rejected"],
      ["Q01", "127.0.0.1", "pair.not-main"],
    ],
  );
});

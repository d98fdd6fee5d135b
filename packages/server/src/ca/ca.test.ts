import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { test } from "node:test";
import { deviceId, nodeId } from "@gridward/core/base/identity";
import { freshSystemKey } from "@gridward/runtime/os/seal";
import { greedyRequest } from "@gridward/runtime/trust/test-greedy-request";
import { createSigningKey, createTlsKey } from "@gridward/runtime/trust/x509/keys";
import { objectIds } from "@gridward/runtime/trust/x509/object-ids";
import {
  certificateNameOf,
  fingerprintOf,
  notAfterOf,
  serialOf,
} from "@gridward/runtime/trust/x509/read";
import { createRequest } from "@gridward/runtime/trust/x509/request";
import { createAuthority } from "./authority.ts";
import { issueDevice, issueReplicaSigner, issueServer, type IssueOrder } from "./issue.ts";

const now = Date.UTC(2027, 0, 1);
const systemKey = freshSystemKey();
const authority = createAuthority({ site: "Hill", systemKey, now });
const key = createTlsKey();
const server = { id: nodeId("01ARZ3NDEKTSV4RRFFQ69G5FAV"), name: "A", address: "127.0.0.1" };
const device = {
  id: deviceId("01ARZ3NDEKTSV4RRFFQ69G5FAX"),
  name: "Q01",
  accessPoints: [
    { name: "S1", ip: "10.0.0.7" },
    { name: "S2", ip: null },
  ],
};

function order(request: Uint8Array): IssueOrder {
  return { authority: authority.row, systemKey, request, now };
}

test("[CA1] the authority's key is in its row sealed, and nowhere in clear", () => {
  assert.match(authority.row.key, /^v1\./);
  const text = JSON.stringify(authority);
  assert.doesNotMatch(text, /PRIVATE/);
  assert.equal(authority.certificate.profile, "authority");
  assert.match(authority.certificate.subject, /CN=Gridward authority of Hill/);
});

test("[CA1] without the system key nothing is signed", () => {
  const refused = issueServer(
    { ...order(createRequest(key, "x")), systemKey: freshSystemKey() },
    server,
  );
  assert.ok(!refused.ok && refused.error.code === "security.seal-broken");
});

test("[CA3][PK2] server, signer and device get what their row says", () => {
  const forServer = issueServer(order(createRequest(key, "x")), server);
  const forSigner = issueReplicaSigner(order(createRequest(createSigningKey(), "x")), server);
  const forDevice = issueDevice(order(createRequest(key, "x")), device);
  assert.ok(forServer.ok && forSigner.ok && forDevice.ok);
  for (const { certificate, row } of [forServer.value, forSigner.value, forDevice.value]) {
    assert.equal(row.fingerprint, fingerprintOf(certificate));
    assert.equal(row.serial, serialOf(certificate));
    assert.equal(row.notAfter, notAfterOf(certificate));
  }
  assert.equal(
    forServer.value.certificate.subjectAltName,
    `URI:urn:gridward:server:${server.id}, IP Address:127.0.0.1, DNS:A, DNS:localhost`,
  );
  assert.equal(
    forDevice.value.certificate.subjectAltName,
    `URI:urn:gridward:device:${device.id}, DNS:Q01, IP Address:10.0.0.7`,
  );
  assert.match(forDevice.value.certificate.subject, new RegExp(`serialNumber=${device.id}`));
  assert.deepEqual(forSigner.value.certificate.keyUsage, [objectIds.replicaSigning]);
});

test("[CA2][PK2] a request decides no names, no purpose, no role, and makes no authority", () => {
  const issued = issueDevice(order(greedyRequest(key, server.id)), device);
  assert.ok(issued.ok);
  const { certificate } = issued.value;
  assert.equal(certificate.ca, false);
  assert.deepEqual(certificate.keyUsage, [objectIds.serverAuth, objectIds.clientAuth]);
  assert.deepEqual(certificateNameOf(certificate), { kind: "device", device: device.id });
  const userRoles = Buffer.from("06072a8648ce560801", "hex");
  assert.ok(Buffer.from(greedyRequest(key, server.id)).includes(userRoles));
  assert.equal(certificate.raw.includes(userRoles), false);
  const text = `${certificate.subject}${certificate.subjectAltName ?? ""}`;
  assert.doesNotMatch(text, /main\.example\.org|Administrators|server/);
  assert.ok(certificate.publicKey.equals(createPublicKey(key)));
});

test("[CA4] what cannot be certified is refused with its reason", () => {
  const broken = createRequest(key, "x");
  broken[broken.length - 1] = (broken[broken.length - 1] ?? 0) ^ 1;
  for (const [refused, reason] of [
    [issueServer(order(broken), server), /signature of the request is wrong|not a PKCS#10/],
    [issueServer(order(new Uint8Array(3)), server), /not a PKCS#10 request/],
    [issueServer(order(createRequest(createSigningKey(), "x")), server), /P-256, P-384 or RSA/],
    [issueReplicaSigner(order(createRequest(key, "x")), server), /must be for an Ed25519/],
  ] as const) {
    assert.ok(!refused.ok && refused.error.code === "enrolment.bad-request");
    assert.match(refused.error.detail, reason);
  }
});

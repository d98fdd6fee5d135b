import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { deviceId } from "@gridward/core/base/identity";
import { greedyRequest } from "../test-greedy-request.ts";
import { testAuthority } from "../test-authority.ts";
import { createTlsKey } from "./keys.ts";
import { createRenewal, createRequest, verifyRequest } from "./request.ts";
import { asksForNamesOf } from "./requested-names.ts";

const authority = testAuthority("Ours", Date.UTC(2027, 0, 1));
const device = deviceId("01ARZ3NDEKTSV4RRFFQ69G5FAV");

function aCertificate(hosts: readonly string[]) {
  return authority.issue({ profile: "device", name: { kind: "device", device }, hosts })
    .certificate;
}

test("[X15][PK8] a request of ours for renewal names what the certificate names, for its own key", () => {
  const key = createTlsKey();
  for (const certificate of [aCertificate(["Q01", "192.0.2.7", "::1"]), authority.certificate]) {
    const request = createRenewal(key, certificate);
    assert.ok(verifyRequest(request).ok);
    assert.equal(asksForNamesOf(request, certificate), true);
  }
});

test("[X15] another subject, another name, one more or one less is another name", () => {
  const certificate = aCertificate(["Q01", "192.0.2.7"]);
  const key = createTlsKey();
  const others = [
    createRequest(key, "leaf"),
    createRenewal(key, aCertificate(["Q01"])),
    createRenewal(key, aCertificate(["Q01", "192.0.2.7", "192.0.2.8"])),
    createRenewal(key, authority.certificate),
    greedyRequest(key, device),
  ];
  for (const request of others) assert.equal(asksForNamesOf(request, certificate), false);
});

test("[X15] any bytes are no request for these names", () => {
  const certificate = aCertificate(["Q01"]);
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(fc.property(bytes, (request) => !asksForNamesOf(request, certificate)));
});

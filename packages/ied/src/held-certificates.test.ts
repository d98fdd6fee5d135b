import assert from "node:assert/strict";
import { test } from "node:test";
import { day } from "@gridward/core/base/time";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { buildCrl } from "@gridward/runtime/trust/x509/crl";
import { fingerprintOf, readCertificate, serialOf } from "@gridward/runtime/trust/x509/read";
import { readCrl } from "@gridward/runtime/trust/x509/read-crl";
import { carriedCertificates, certificateStatus, showCertificates } from "./held-certificates.ts";

const now = Date.UTC(2027, 0, 1);
const authority = testAuthority("Ours", now);
const own = authority.issue({ profile: "device" }).certificate;
const next = testAuthority("Ours", now);
const anchors = [next.certificate, authority.certificate];
const unknown = { lists: [], isTold: false, refusedFor: [null] };

test("[IN7][PK6] a device's certificate does not count that ended, that begins later, or that is revoked", () => {
  const order = { number: 1, thisUpdate: now, nextUpdate: now + day };
  const listed = [{ serial: serialOf(own), at: now, reason: "keyCompromise" } as const];
  const list = readCrl(buildCrl({ ...order, listed }, authority));
  assert.ok(list.ok);
  // The same serial number of another authority of the same system is another certificate.
  const theirs = readCrl(buildCrl({ ...order, listed }, next));
  assert.ok(theirs.ok);
  const cases = [
    [unknown, now, null],
    [unknown, now - day, "not yet valid"],
    [unknown, now + 731 * day, "expired"],
    [{ ...unknown, lists: [list.value] }, now, "revoked"],
    [{ ...unknown, isTold: true }, now, "revoked"],
    [{ ...unknown, lists: [theirs.value] }, now, null],
    [{ ...unknown, refusedFor: ["T07", "T03"] }, now, "revoked"],
    [{ ...unknown, refusedFor: ["T03", "T03"] }, now, "expired"],
    [{ ...unknown, refusedFor: ["T03", null] }, now, null],
    [{ ...unknown, refusedFor: ["T03", "T14"] }, now, null],
    [{ ...unknown, refusedFor: [] }, now, null],
    [{ ...unknown, refusedFor: ["T03"] }, now, "expired"],
    [{ ...unknown, refusedFor: ["T14"] }, now, null],
  ] as const;
  for (const [known, at, reason] of cases) {
    const status = certificateStatus({ own, anchors }, known, at);
    const state = reason === null ? "valid" : "invalid certificate";
    assert.deepEqual([status.state, status.reason], [state, reason]);
  }
});

test("[IN7][PK6] what is shown at the device is what a server reads back", () => {
  const held = { own, anchors: [authority.certificate] };
  const carried = carriedCertificates(held).map(({ use, certificate }) => {
    const read = readCertificate(Buffer.from(certificate, "base64url"));
    return [use, read && fingerprintOf(read)];
  });
  const shown = showCertificates(held).map(({ use, fingerprint }) => [use, fingerprint]);
  assert.deepEqual(carried, shown);
});

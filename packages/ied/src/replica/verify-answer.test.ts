import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "@gridward/core/base/identity";
import { day, hour } from "@gridward/core/base/time";
import {
  type EraseOrder,
  type Manifest,
  manifestHash,
  type Statement,
} from "@gridward/core/codec/replica/manifest";
import { sha256 } from "@gridward/runtime/os/hash";
import { signBody } from "@gridward/runtime/replica/signature";
import { testAuthority } from "@gridward/runtime/trust/test-authority";
import { buildCrl } from "@gridward/runtime/trust/x509/crl";
import { serialOf } from "@gridward/runtime/trust/x509/read";
import { readCrl } from "@gridward/runtime/trust/x509/read-crl";
import { verifyAnswer, verifyErase } from "./verify-answer.ts";

const now = Date.UTC(2027, 0, 1);
const node = nodeId("01ARZ3NDEKTSV4RRFFQ69G5FAA");
const [ours, theirs] = [testAuthority("Ours", now - day), testAuthority("Theirs", now - day)];
const issue = (issuer = ours) =>
  issuer.issue({ profile: "replica-signer", name: { kind: "server", node } });
const [signer, revoked] = [issue(), issue()];

function listOf(authority: typeof ours, ...named: readonly (typeof signer)[]) {
  const listed = named.map(({ certificate }) => {
    return { serial: serialOf(certificate), at: now, reason: "keyCompromise" } as const;
  });
  const order = { number: 1, thisUpdate: now - hour, nextUpdate: now + day, listed };
  const list = readCrl(buildCrl(order, authority));
  assert.ok(list.ok);
  return list.value;
}

const place = { term: 1, owner: "A" };
const nonce = "n".repeat(43);
const set: Manifest = {
  systemId: "system",
  group: "G",
  ...place,
  rev: 3,
  prevManifestHash: null,
  count: 0,
  setDigest: "0".repeat(64),
  policy: { softAge: hour, hardAge: day },
  issuedAt: now,
  validFor: day,
};
const said: Statement = {
  systemId: "system",
  node,
  device: "D",
  duty: "main",
  fresh: true,
  ...place,
  start: 1,
  seq: 3,
  replicationRevision: 1,
  nonce,
  manifestHash: manifestHash(sha256, set),
  at: now,
};
const erase: EraseOrder = {
  systemId: "system",
  device: "D",
  duty: "main",
  fresh: true,
  term: 1,
  revision: 2,
  nonce,
  at: now,
};
const expected = {
  anchors: { all: [theirs.certificate, ours.certificate] },
  systemId: "system",
  group: "G",
  device: "D",
  node,
  nonce,
  at: now,
  lists: [listOf(ours, revoked)],
};

test("[RS16][PK5] who was revoked signs neither a statement, nor a manifest, nor an order to erase", () => {
  const answer = (by: typeof signer, of: typeof signer) =>
    verifyAnswer(expected, signBody(by, "statement", said), signBody(of, "manifest", set));
  assert.deepEqual(answer(signer, signer), { ok: true, value: said.manifestHash });
  const refused = { ok: false, error: "the signer's certificate is revoked" };
  assert.deepEqual(answer(revoked, signer), refused);
  assert.deepEqual(answer(signer, revoked), refused);
  assert.deepEqual(verifyErase(expected, signBody(signer, "erase", erase)), { ok: true, value: 2 });
  assert.deepEqual(verifyErase(expected, signBody(revoked, "erase", erase)), refused);
});

test("[RS16] a number that another authority revoked is no number of ours, and no anchor is asked in vain", () => {
  const order = signBody(signer, "erase", erase);
  assert.ok(verifyErase({ ...expected, lists: [listOf(theirs, signer)] }, order).ok);
  const late = { ...expected, at: now + 4_000 * day };
  assert.deepEqual([verifyErase(late, order).ok, verifyErase(expected, order).ok], [false, true]);
  const foreign = signBody(issue(testAuthority("Elsewhere", now - day)), "erase", erase);
  assert.equal(verifyErase(expected, foreign).ok, false);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceId, nodeId } from "@gridward/core/base/identity";
import { day, minute } from "@gridward/core/base/time";
import { judgePeer, type JudgeInput } from "./judge.ts";
import { createTemporary } from "./temporary.ts";
import { testAuthority } from "./test-authority.ts";
import { createTlsKey } from "./x509/keys.ts";

const now = Date.UTC(2027, 0, 1);
const node = nodeId("01ARZ3NDEKTSV4RRFFQ69G5FAV");
const otherNode = nodeId("01ARZ3NDEKTSV4RRFFQ69G5FAW");
const device = deviceId("01ARZ3NDEKTSV4RRFFQ69G5FAX");
const authority = testAuthority("Ours", now - day);
const stranger = testAuthority("Theirs", now - day);
const server = authority.issue({
  profile: "server",
  name: { kind: "server", node },
  hosts: ["127.0.0.1", "a.example.org"],
}).certificate;
const ofDevice = authority.issue({
  profile: "device",
  name: { kind: "device", device },
}).certificate;
const signer = authority.issue({ profile: "replica-signer", name: { kind: "server", node } });
const foreign = stranger.issue({ profile: "server", name: { kind: "server", node } }).certificate;
const temporary = createTemporary({ key: createTlsKey(), node, name: "A", hosts: [], now });

const base: JudgeInput = {
  chain: [server.raw],
  anchors: [authority.certificate.toString()],
  purpose: "partner",
  expected: { kind: "server", node },
  at: now,
  settings: { validate: true, checkNames: true },
  handshake: null,
};

const rows: readonly (readonly [string, Partial<JudgeInput>, string])[] = [
  ["trusted", {}, "ok"],
  ["trusted, authority sent along", { chain: [server.raw, authority.certificate.raw] }, "ok"],
  ["any server of the system", { expected: { kind: "server", node: null } }, "ok"],
  ["a device", { chain: [ofDevice.raw], purpose: "client", expected: { kind: "device" } }, "ok"],
  [
    "a host by name",
    { purpose: "server", expected: { kind: "host", host: "a.example.org" } },
    "ok",
  ],
  ["a host by address", { purpose: "server", expected: { kind: "host", host: "127.0.0.1" } }, "ok"],
  ["temporary", { chain: [temporary.raw] }, "T01"],
  ["temporary, expired as well", { chain: [temporary.raw], at: now + 5000 * day }, "T01"],
  [
    "temporary behind a missing list",
    { chain: [temporary.raw], handshake: "UNABLE_TO_GET_CRL" },
    "T01",
  ],
  ["the authority itself", { chain: [authority.certificate.raw] }, "T01"],
  ["unknown issuer", { chain: [foreign.raw] }, "T02"],
  ["unknown issuer sent along", { chain: [foreign.raw, stranger.certificate.raw] }, "T02"],
  ["no anchors", { anchors: [] }, "T02"],
  ["a leaf that plays issuer", { anchors: [server.toString()], chain: [foreign.raw] }, "T02"],
  ["not a certificate", { chain: [new Uint8Array(20)] }, "T02"],
  ["too long a chain", { chain: Array.from({ length: 6 }, () => server.raw) }, "T02"],
  ["too large", { chain: [server.raw, new Uint8Array(8193)] }, "T02"],
  ["expired", { at: now + 730 * day }, "T03"],
  ["not yet valid", { at: now - 6 * minute - day }, "T04"],
  ["another server", { expected: { kind: "server", node: otherNode } }, "T05"],
  ["a device in place of a server", { chain: [ofDevice.raw] }, "T05"],
  ["a server in place of a device", { expected: { kind: "device" } }, "T05"],
  ["another host", { expected: { kind: "host", host: "b.example.org" } }, "T05"],
  ["another address", { expected: { kind: "host", host: "127.0.0.2" } }, "T05"],
  ["a signer of replicas", { chain: [signer.certificate.raw] }, "T06"],
  ["revoked, says OpenSSL", { handshake: "CERT_REVOKED" }, "T07"],
  ["no list, says OpenSSL", { handshake: "UNABLE_TO_GET_CRL" }, "T08"],
  ["anything else that OpenSSL says", { handshake: "PATH_LENGTH_EXCEEDED" }, "T02"],
  ["no certificate", { chain: [] }, "T09"],
  [
    "names not checked",
    {
      expected: { kind: "server", node: otherNode },
      settings: { validate: true, checkNames: false },
    },
    "ok",
  ],
  [
    "validation off",
    { chain: [temporary.raw], settings: { validate: false, checkNames: true } },
    "ok",
  ],
  [
    "validation off, no certificate",
    { chain: [], settings: { validate: false, checkNames: true } },
    "ok",
  ],
];

for (const [what, change, expected] of rows) {
  test(`[TR1] ${what}: ${expected}`, () => {
    const judgement = judgePeer({ ...base, ...change });
    assert.equal(judgement.verdict === "ok" ? "ok" : judgement.cause, expected);
  });
}

test("[TR1] a refusal states both facts, a consent who it is", () => {
  const judgement = judgePeer({ ...base, chain: [foreign.raw] });
  assert.ok(judgement.verdict === "refused");
  assert.equal(judgement.ours, "trusts CN=Ours");
  assert.match(
    judgement.theirs,
    /^presents CN=leaf, issued by CN=Theirs, valid .*fingerprint [0-9a-f]{64}$/,
  );
  const consent = judgePeer(base);
  assert.deepEqual(consent.verdict === "ok" && consent.name, { kind: "server", node });
});

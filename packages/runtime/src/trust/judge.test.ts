import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, type X509Certificate } from "node:crypto";
import { test } from "node:test";
import { Extensions, id_ce_keyUsage, Name, type TBSCertificate } from "@peculiar/asn1-x509";
import { deviceId, nodeId } from "@gridward/core/base/identity";
import { day, hour } from "@gridward/core/base/time";
import { judgePeer, withoutLists, type JudgeInput } from "./judge.ts";
import { createTemporary } from "./temporary.ts";
import { testAuthority } from "./test-authority.ts";
import { reissue, withSerial } from "./test-reissue.ts";
import { buildCertificate, type Issuer } from "./x509/certificate.ts";
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
  lists: [],
  purpose: "partner",
  expected: { kind: "server", node },
  at: now,
  settings: withoutLists,
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
  ["not yet valid", { at: now - 3 * hour - day }, "T04"],
  ["another server", { expected: { kind: "server", node: otherNode } }, "T05"],
  ["a device in place of a server", { chain: [ofDevice.raw] }, "T05"],
  ["a server in place of a device", { expected: { kind: "device" } }, "T05"],
  ["another host", { expected: { kind: "host", host: "b.example.org" } }, "T05"],
  ["another address", { expected: { kind: "host", host: "127.0.0.2" } }, "T05"],
  ["a signer of replicas", { chain: [signer.certificate.raw] }, "T06"],
  ["revoked, says OpenSSL", { handshake: "CERT_REVOKED" }, "T07"],
  ["no list, says OpenSSL", { handshake: "UNABLE_TO_GET_CRL" }, "T08"],
  ["too small a key, says OpenSSL", { handshake: "EE_KEY_TOO_SMALL" }, "T15"],
  ["anything else that OpenSSL says", { handshake: "PATH_LENGTH_EXCEEDED" }, "T02"],
  ["no certificate", { chain: [] }, "T09"],
  [
    "names not checked",
    {
      expected: { kind: "server", node: otherNode },
      settings: { ...withoutLists, checkNames: false },
    },
    "ok",
  ],
  [
    "validation off",
    { chain: [temporary.raw], settings: { ...withoutLists, validate: false } },
    "ok",
  ],
  [
    "validation off, no certificate",
    { chain: [], settings: { ...withoutLists, validate: false } },
    "ok",
  ],
];

for (const [what, change, expected] of rows) {
  test("[TR1][X6] a certificate that names nobody, or nobody as its issuer, is refused as others are", () => {
    const empty = new Name();
    const issuedBy = (says: TBSCertificate): void => void (says.issuer = empty);
    const named = (says: TBSCertificate): void => void (says.subject = empty);
    for (const changes of [[issuedBy], [named], [issuedBy, named]]) {
      const nameless = reissue(server, stranger.key, (says) => {
        for (const alter of changes) alter(says);
      });
      const judged = judgePeer({ ...base, chain: [nameless.raw] });
      assert.ok(judged.verdict === "refused");
      assert.equal(judged.cause, "T02");
      assert.match(judged.theirs, /\(no name\)/);
    }
  });

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
    /^presents CN=leaf, issued by CN=Theirs, valid .*fingerprint [0-9a-f]{64}, without its issuer/,
  );
  const consent = judgePeer(base);
  assert.deepEqual(consent.verdict === "ok" && consent.name, { kind: "server", node });
});

/** A server's certificate for this key, under whatever authority. */
function certify(publicKey: KeyObject, issuer: Issuer): X509Certificate {
  const name = { kind: "server", node } as const;
  const subject = { commonName: "leaf" };
  const order = { profile: "server", publicKey, subject, name, hosts: [], now } as const;
  return buildCertificate(order, issuer);
}

const weakKey = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
const oddKey = generateKeyPairSync("ec", { namedCurve: "secp521r1" }).privateKey;
const flawed = [
  ["a key of 1024 bits", certify(weakKey, authority), /with an RSA key below 2048 bits/],
  ["an odd curve", certify(oddKey, authority), /with the curve secp521r1/],
  ["serial zero", withSerial(server, authority.key, [0]), /with the serial number zero/],
  ["a negative serial", withSerial(server, authority.key, [0x85, 1]), /a negative serial number/],
  [
    "21 octets of serial",
    withSerial(server, authority.key, [0, 0x80, ...Array.from({ length: 19 }, () => 1)]),
    /with a serial number of 21 octets/,
  ],
] as const;

for (const [what, certificate, says] of flawed) {
  test(`[TR9] ${what}: T15`, () => {
    const judgement = judgePeer({ ...base, chain: [certificate.raw] });
    assert.ok(judgement.verdict === "refused");
    assert.equal(judgement.cause, "T15");
    assert.match(judgement.theirs, says);
  });
}

test("[TR9] the longest serial number and an issuer's odd curve are no flaws, its short key is one", () => {
  const longest = withSerial(
    server,
    authority.key,
    Array.from({ length: 20 }, () => 0x7f),
  );
  assert.equal(judgePeer({ ...base, chain: [longest.raw] }).verdict, "ok");
  for (const [key, expected] of [
    [weakKey, /under CN=Old with an RSA key below 2048 bits/],
    [oddKey, undefined],
  ] as const) {
    const subject = { commonName: "Old" };
    const order = { profile: "authority", publicKey: key, subject, hosts: [], now } as const;
    const middle = buildCertificate(order, authority);
    const signed = certify(createTlsKey(), { ...authority, key, certificate: middle });
    const leaf = reissue(signed, key, () => undefined);
    const judgement = judgePeer({ ...base, chain: [leaf.raw, middle.raw] });
    if (expected === undefined) assert.equal(judgement.verdict, "ok");
    else assert.match(judgement.verdict === "refused" ? judgement.theirs : "", expected);
  }
});

test("[TR10] an authority that two roots certified is found through either, sent in any order", () => {
  const middle = testAuthority("Middle", now - day, authority);
  const subject = { commonName: "Middle" };
  const order = { profile: "authority", publicKey: middle.key, subject, hosts: [], now } as const;
  const crossed = buildCertificate(order, stranger);
  const leaf = certify(createTlsKey(), middle);
  for (const sent of [
    [crossed, middle.certificate, stranger.certificate],
    [middle.certificate, crossed, stranger.certificate],
  ]) {
    const chain = [leaf, ...sent].map(({ raw }) => raw);
    assert.equal(judgePeer({ ...base, chain }).verdict, "ok");
  }
});

test("[TR10][TR1] an authority of ours that is sent along certifies nobody whom it did not sign", () => {
  const middle = testAuthority("Middle", now - day, authority);
  const namesake = testAuthority("Middle", now - day, stranger);
  const ofServer = authority.issue({ profile: "server", name: { kind: "server", node } });
  // Without the key usage that forbids it: it is no authority all the same.
  const free = reissue(ofServer.certificate, authority.key, (says) => {
    says.extensions = new Extensions(
      says.extensions?.filter(({ extnID }) => extnID !== id_ce_keyUsage),
    );
  });
  const forged = reissue(server, stranger.key, () => undefined);
  for (const [leaf, sent] of [
    [foreign, middle.certificate],
    [certify(createTlsKey(), namesake), middle.certificate],
    [certify(createTlsKey(), ofServer), ofServer.certificate],
    [certify(createTlsKey(), { ...ofServer, certificate: free }), free],
    [forged, authority.certificate],
  ] as const) {
    const judgement = judgePeer({ ...base, chain: [leaf.raw, sent.raw] });
    assert.ok(judgement.verdict === "refused" && judgement.cause === "T02");
  }
});

test("[TR10] an anchor of the same key and another name is another authority", () => {
  const subject = { commonName: "Renamed" };
  const publicKey = authority.key;
  const order = { profile: "authority", publicKey, subject, hosts: [], now } as const;
  const renamed = buildCertificate(order, { key: authority.key });
  const judgement = judgePeer({ ...base, anchors: [renamed.toString()] });
  assert.ok(judgement.verdict === "refused" && judgement.cause === "T02");
});

test("[TR10] of two certificates of one authority that is trusted, the one of now counts", () => {
  const subject = { commonName: "Ours" };
  const publicKey = authority.key;
  const early = now - 4000 * day;
  const order = { profile: "authority", publicKey, subject, hosts: [], now: early } as const;
  const old = buildCertificate(order, { key: authority.key });
  const anchors = [old.toString(), authority.certificate.toString()];
  assert.equal(judgePeer({ ...base, anchors }).verdict, "ok");
  const judgement = judgePeer({ ...base, anchors: [old.toString()] });
  assert.ok(judgement.verdict === "refused" && judgement.cause === "T03");
  assert.match(judgement.ours, /CN=Ours ended/);
});

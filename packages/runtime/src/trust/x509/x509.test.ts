import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { nodeId, deviceId } from "@gridward/core/base/identity";
import { AsnConvert } from "@peculiar/asn1-schema";
import { Certificate } from "@peculiar/asn1-x509";
import { judgePeer, withoutLists } from "../judge.ts";
import { testAuthority } from "../test-authority.ts";
import { buildCertificate } from "./certificate.ts";
import { decodeCertsOnly, encodeCertsOnly } from "./certs-only.ts";
import { buildCrl } from "./crl.ts";
import {
  createAuthorityKey,
  createSigningKey,
  createTlsKey,
  pairingKeyFromText,
  pairingKeyText,
  weaknessOf,
} from "./keys.ts";
import { certificateUri, isHostName, parseCertificateUri } from "./names.ts";
import { objectIds } from "./object-ids.ts";
import {
  certificateNameOf,
  isSelfSigned,
  nameText,
  notAfterOf,
  notBeforeOf,
  readCertificate,
  serialOf,
} from "./read.ts";
import { readCrl } from "./read-crl.ts";
import {
  createAuthorityRequest,
  createRequest,
  requestBytesMax,
  verifyRequest,
} from "./request.ts";

const now = Date.UTC(2027, 0, 1, 12, 0, 0, 999);
const node = nodeId("01ARZ3NDEKTSV4RRFFQ69G5FAV");
const authority = testAuthority("Ours", now);

test("[X16] a hostile name steers no terminal", () => {
  const hostile = testAuthority("A\u{9B}31mB\u{202E}C\u{1B}D\u{2028}E", now).certificate.subject;
  assert.match(nameText(hostile), /^CN=[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u);
  assert.equal(
    nameText("O=Hill\nCN=Größe \u{9B}2J\u{202E}"),
    "O=Hill, CN=Größe \u{FFFD}2J\u{FFFD}",
  );
});

test("[X1] a leaf says what its profile says, is backdated, in whole seconds, with a long serial number", () => {
  const { certificate, key } = authority.issue({
    profile: "server",
    name: { kind: "server", node },
    hosts: ["127.0.0.1", "a.example.org", "::1", "not a host"],
  });
  assert.deepEqual(certificate.keyUsage, [objectIds.serverAuth, objectIds.clientAuth]);
  assert.equal(certificate.ca, false);
  assert.ok(certificate.checkPrivateKey(key));
  assert.equal(notBeforeOf(certificate), Date.UTC(2027, 0, 1, 10, 0, 0));
  assert.equal(notAfterOf(certificate) % 1000, 0);
  assert.equal(
    certificate.subjectAltName,
    `URI:${certificateUri({ kind: "server", node })}, IP Address:127.0.0.1, ` +
      "DNS:a.example.org, IP Address:0:0:0:0:0:0:0:1",
  );
  assert.match(serialOf(certificate), /^[4-7][0-9a-f]{31}$/);
  assert.deepEqual(certificateNameOf(certificate), { kind: "server", node });
});

test("[X1] serial numbers do not repeat", () => {
  const serials = Array.from({ length: 50 }, () =>
    serialOf(authority.issue({ profile: "device" }).certificate),
  );
  assert.equal(new Set(serials).size, 50);
});

test("[X2] the authority may sign certificates and no further authority; a signer is no TLS end", () => {
  assert.ok(authority.certificate.ca);
  assert.ok(isSelfSigned(authority.certificate));
  const structure = AsnConvert.parse(authority.certificate.raw, Certificate);
  const usage = structure.tbsCertificate.extensions?.find(({ extnID }) => extnID === "2.5.29.15");
  assert.equal(
    Buffer.from(usage?.extnValue.buffer ?? new ArrayBuffer(0)).toString("hex"),
    "03020106",
  );
  const signer = authority.issue({ profile: "replica-signer" }).certificate;
  assert.deepEqual(signer.keyUsage, [objectIds.replicaSigning]);
  assert.equal(signer.publicKey.asymmetricKeyType, "ed25519");
});

test("[X3] no leaf outlives its authority", () => {
  const late = Date.UTC(2036, 11, 1);
  const { certificate } = authority.issue({ profile: "device", now: late });
  assert.equal(certificate.validTo, authority.certificate.validTo);
});

test("[X4] a request proves possession of its key, and only that key is taken from it", () => {
  for (const key of [createTlsKey(), createSigningKey()]) {
    const verified = verifyRequest(createRequest(key, "A"));
    assert.ok(verified.ok);
    assert.ok(createPublicKey(key).equals(verified.value));
  }
});

test("[X17][PK1] a P-384 key signs with SHA-384, every other with SHA-256", async () => {
  for (const [type, algorithm] of [
    ["p256", objectIds.ecdsaWithSha256],
    ["p384", objectIds.ecdsaWithSha384],
    ["rsa3072", objectIds.rsaWithSha256],
  ] as const) {
    const key = await createAuthorityKey(type);
    const order = { profile: "root", publicKey: key, subject: { commonName: "R" } } as const;
    const certificate = buildCertificate({ ...order, hosts: [], now }, { key });
    const { signatureAlgorithm } = AsnConvert.parse(certificate.raw, Certificate);
    assert.equal(signatureAlgorithm.algorithm, algorithm);
    assert.ok(isSelfSigned(certificate));
    assert.ok(verifyRequest(createAuthorityRequest(key, { commonName: "R" })).ok);
    const list = { number: 1, thisUpdate: now, nextUpdate: now + 1000, listed: [] };
    const read = readCrl(buildCrl(list, { key, certificate }));
    assert.ok(read.ok && read.value.isSignedBy(certificate));
  }
});

test("[X4] one changed bit of a request never makes it a request for another key", () => {
  const key = createTlsKey();
  const der = createRequest(key, "A");
  for (let bit = 0; bit < der.length * 8; bit++) {
    const changed = der.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const verified = verifyRequest(changed);
    // Bits around what is signed may be read leniently: the key stays the one that was proved.
    assert.ok(!verified.ok || verified.value.equals(createPublicKey(key)), `bit ${bit}`);
  }
});

test("[X5] weak keys are refused by name", () => {
  const weak = [
    [generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey, /RSA key below 2048 bits/],
    [generateKeyPairSync("ec", { namedCurve: "secp224r1" }).privateKey, /curve secp224r1/],
  ] as const;
  for (const [key, expected] of weak) {
    const refused = verifyRequest(createRequest(key, "A"));
    assert.ok(!refused.ok);
    assert.match(refused.error, expected);
  }
  assert.equal(weaknessOf(generateKeyPairSync("x25519").publicKey), "a key of type x25519");
});

test("[X6] no bytes make a reader of requests, certificates or CMS throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 512 }), (bytes) => {
      assert.equal(verifyRequest(bytes).ok, false);
      assert.equal(decodeCertsOnly(bytes).ok, false);
      assert.equal(readCertificate(bytes), undefined);
    }),
  );
  const deep = new Uint8Array(requestBytesMax).fill(0x30);
  assert.equal(verifyRequest(deep).ok, false);
  assert.equal(verifyRequest(new Uint8Array(requestBytesMax + 1)).ok, false);
});

test("[X6] a certificate whose dates are none is no certificate", () => {
  const { certificate } = authority.issue({ profile: "server", name: { kind: "server", node } });
  for (const date of [notBeforeOf(certificate), notAfterOf(certificate)]) {
    // UTCTime: YYMMDDHHMMSSZ.
    const written = new Date(date)
      .toISOString()
      .replaceAll(/\.\d+|[-:T]/g, "")
      .slice(2);
    const broken = Buffer.from(certificate.raw);
    const place = broken.indexOf(written);
    assert.ok(place > 0);
    broken.write("90", place + 2);
    // Many times: what happens to lie in memory must not be read as the date that is none.
    for (let i = 0; i < 3000; i++) assert.equal(readCertificate(broken), undefined);
  }
});

test("[X6][TR1] no damage to a certificate makes a reader or the judge throw", () => {
  const { certificate } = authority.issue({ profile: "server", name: { kind: "server", node } });
  const damage = fc.array(fc.tuple(fc.nat(certificate.raw.length - 1), fc.nat(255)), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(damage, (bytes) => {
      const copy = Buffer.from(certificate.raw);
      for (const [at, byte] of bytes) copy[at] = byte;
      const judged = judgePeer({
        chain: [copy, authority.certificate.raw, copy],
        anchors: [authority.certificate.toString()],
        purpose: "server",
        expected: { kind: "server", node },
        at: now,
        settings: withoutLists,
        lists: [],
        handshake: null,
      });
      const isWhole = copy.equals(certificate.raw);
      assert.equal(judged.verdict, isWhole ? "ok" : "refused");
    }),
    { numRuns: 300 },
  );
});

test("[X7] certificates come out of a certs-only message as they went in", () => {
  const chain = [authority.issue({ profile: "device" }).certificate, authority.certificate];
  const decoded = decodeCertsOnly(encodeCertsOnly(chain));
  assert.ok(decoded.ok);
  assert.deepEqual(
    decoded.value.map(({ fingerprint256 }) => fingerprint256),
    chain.map(({ fingerprint256 }) => fingerprint256),
  );
});

test("[X8] an identity is one URI of ours in the SAN; a text that looks like one is not", () => {
  const name = { kind: "device", device: deviceId("01ARZ3NDEKTSV4RRFFQ69G5FAX") } as const;
  assert.deepEqual(parseCertificateUri(certificateUri(name)), name);
  for (const uri of [
    "urn:gridward:device:",
    "urn:gridward:person:01ARZ3NDEKTSV4RRFFQ69G5FAX",
    "urn:gridward:device:01ARZ3NDEKTSV4RRFFQ69G5FAX ",
    "urn:gridward:device:01arz3ndektsv4rrffq69g5fax",
  ]) {
    assert.equal(parseCertificateUri(uri), undefined);
  }
  assert.equal(certificateNameOf(authority.certificate), undefined);
});

test("[X9] a pairing key is its 32 bytes in base64url, and nothing else is one", () => {
  const key = createSigningKey();
  const text = pairingKeyText(key);
  assert.equal(text.length, 43);
  const read = pairingKeyFromText(text);
  assert.ok(read?.equals(createPublicKey(key)));
  assert.equal(pairingKeyFromText("x"), undefined);
  assert.throws(() => pairingKeyText(createTlsKey()));
});

test("[X10] host names follow RFC 1123", () => {
  for (const good of ["a", "a.example.org", "A-1.x"]) assert.ok(isHostName(good), good);
  for (const bad of ["", "-a", "a..b", "a_b", "ä", "*.a", "a".repeat(64)]) {
    assert.equal(isHostName(bad), false, bad);
  }
});

test("[X1] PEM and DER are read alike", () => {
  const { raw } = authority.certificate;
  assert.equal(readCertificate(new X509Certificate(raw).toString())?.raw.equals(raw), true);
});

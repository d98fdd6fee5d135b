import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { test } from "node:test";
import { utf8 } from "@gridward/core/base/bytes";
import { Secret } from "@gridward/core/base/secret";
import { day } from "@gridward/core/base/time";
import { chainPem, chainsOf, chainUpFrom, readAuthorityChain } from "./authority-chain.ts";
import { judgeAuthority } from "./judge-authority.ts";
import { createRoot, openRoot, signAuthority } from "./own-root.ts";
import { testAuthority } from "./test-authority.ts";
import { createSigningKey, createTlsKey } from "./x509/keys.ts";
import { isSelfSigned } from "./x509/read.ts";
import { createAuthorityRequest, createRequest } from "./x509/request.ts";

const now = Date.UTC(2027, 0, 1);
const passphrase = new Secret("correct horse battery");
const subject = { commonName: "Hill root", organization: "Utility" };
const made = await createRoot({ subject, keyType: "p384", passphrase, now });
const files = { certificate: utf8(made.certificate.toString()), key: utf8(made.keyFile) };

test("[UR4][PK1] a root signs itself, its key is in its file closed, and opens with the passphrase alone", async () => {
  assert.ok(isSelfSigned(made.certificate) && made.certificate.ca);
  assert.equal(made.certificate.subject, "O=Utility\nCN=Hill root");
  assert.match(made.keyFile, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
  const opened = await openRoot(files, passphrase, now);
  assert.ok(opened.ok && made.certificate.checkPrivateKey(opened.value.key));
  const other = createTlsKey();
  const pem = other.export({ type: "pkcs8", format: "pem" }).toString();
  const leaf = testAuthority("Other", now).issue({ profile: "server" }).certificate.toString();
  for (const [why, wrong, secret = passphrase, at = now] of [
    [/passphrase wrong/, files, new Secret("another")],
    [/not the key of this root/, { ...files, key: utf8(pem) }],
    [/unreadable/, { ...files, key: utf8("-----BEGIN PRIVATE KEY-----") }],
    [/not one certificate/, { ...files, certificate: utf8("") }],
    [/not the certificate of a root/, { ...files, certificate: utf8(leaf) }],
    [/not within its dates/, files, passphrase, now + 8_000 * day],
  ] as const) {
    const refused = await openRoot(wrong, secret, at);
    assert.ok(!refused.ok);
    assert.match(refused.error.why, why);
  }
});

test("[UR5][PK1] a root certifies the authority of a request for its name, which signs no further ones", async () => {
  const opened = await openRoot(files, passphrase, now);
  assert.ok(opened.ok);
  const key = createTlsKey();
  const request = createAuthorityRequest(key, { commonName: "Gridward authority of Hill" });
  const signed = signAuthority(opened.value, request, now);
  assert.ok(signed.ok && signed.value.publicKey.equals(createPublicKey(key)));
  const judged = judgeAuthority([signed.value, made.certificate], key, now);
  assert.ok(judged.ok);
  const further = testAuthority("Further", now, { key, certificate: signed.value, issue: unused });
  const deep = judgeAuthority(
    [further.certificate, signed.value, made.certificate],
    further.key,
    now,
  );
  assert.ok(!deep.ok && deep.error.code === "authority.path-length");
  for (const [why, wrong] of [
    [/not a PKCS#10 request/, new Uint8Array(3)],
    [/P-256, P-384 or RSA/, createRequest(createSigningKey(), "A")],
    [/the name of the root itself/, createAuthorityRequest(key, subject)],
  ] as const) {
    const refused = signAuthority(opened.value, wrong, now);
    assert.ok(!refused.ok);
    assert.match(refused.error, why);
  }
});

function unused(): never {
  return assert.fail("it issues no leaves");
}

test("[UR6][PK1] authorities are found in a heap of certificates with their chains, the first ones first", async () => {
  const opened = await openRoot(files, passphrase, now);
  assert.ok(opened.ok);
  const key = createTlsKey();
  const signed = signAuthority(opened.value, createAuthorityRequest(key, { commonName: "A" }), now);
  assert.ok(signed.ok);
  const alone = testAuthority("Alone", now).certificate;
  const heap = [alone, made.certificate, signed.value, made.certificate];
  assert.deepEqual(chainsOf(heap), [[alone], [signed.value, made.certificate]]);
  // Without its root it has no end; what it issued is no authority.
  assert.deepEqual(chainsOf([signed.value, alone]), [[alone]]);
  const leaf = testAuthority("L", now).issue({ profile: "server" }).certificate;
  assert.deepEqual(chainsOf([leaf]), []);
  const up = chainUpFrom(signed.value, [alone]);
  assert.ok(!up.ok && up.error === signed.value);
  const text = chainPem([signed.value, made.certificate]);
  assert.equal(readAuthorityChain(text)?.length, 2);
  assert.equal(readAuthorityChain(""), undefined);
  assert.equal(readAuthorityChain(text.replace("MII", "AAA")), undefined);
});

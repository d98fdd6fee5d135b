import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { test } from "node:test";
import { Secret } from "@gridward/core/base/secret";
import { testAuthority } from "../test-authority.ts";
import { createRsaKey, createTlsKey, weaknessOf } from "./keys.ts";
import { readPkcs12 } from "./read-pkcs12.ts";
import { createRequest, verifyRequest } from "./request.ts";
import { encryptedKeyPem, writePkcs12 } from "./write-pkcs12.ts";

const authority = testAuthority("Ours", Date.UTC(2027, 0, 1));
const password = new Secret("correct horse battery staple");

test("[X13][PK3] a PKCS#12 file gives back key and chain to whoever has the password", async () => {
  const { key, certificate } = authority.issue({ profile: "file-transfer" });
  const chain = [authority.certificate];
  const file = await writePkcs12({ name: "Überwachung", key, certificate, chain }, password);
  const read = await readPkcs12(file, password);
  assert.ok(read.ok);
  assert.ok(read.value.keys[0]?.equals(key));
  assert.deepEqual(
    read.value.certificates.map(({ fingerprint256 }) => fingerprint256),
    [certificate, ...chain].map(({ fingerprint256 }) => fingerprint256),
  );
  const refused = await readPkcs12(file, new Secret("another"));
  assert.ok(!refused.ok && refused.error === "wrong passphrase");
  const plain = key.export({ type: "pkcs8", format: "der" });
  assert.equal(Buffer.from(file).includes(plain.subarray(-40)), false);
});

test("[X13] a key in PEM opens with its password alone", async () => {
  const key = createTlsKey();
  const pem = await encryptedKeyPem(key, password);
  assert.match(pem, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
  assert.ok(createPrivateKey({ key: pem, passphrase: password.reveal() }).equals(key));
  assert.throws(() => createPrivateKey({ key: pem, passphrase: "another" }));
});

test("[X4][X5] a request for an RSA key of ours proves it, and it is not weak", async () => {
  const key = await createRsaKey();
  assert.equal(weaknessOf(key), undefined);
  assert.ok(verifyRequest(createRequest(key, "A")).ok);
});

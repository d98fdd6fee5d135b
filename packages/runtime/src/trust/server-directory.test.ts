import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { defaultSecurity } from "@gridward/core/base/security-settings";
import {
  initServer,
  readServerConfig,
  readServerDirectory,
  saveIssued,
  serverPaths,
} from "./server-directory.ts";
import { testAuthority } from "./test-authority.ts";

const now = Date.UTC(2027, 0, 1);
const place = mkdtempSync(join(tmpdir(), "gridward-directory-"));
after(() => rmSync(place, { recursive: true }));
const ports = { https: 0, link: 5480, ldaps: 0, ldap: 0 };
const order = { name: "A", listen: "127.0.0.1", ports, now };

test("[TR2][CS4] a new server directory is read back with the same temporary certificate each time", () => {
  const directory = join(place, "new", "a");
  const made = initServer(directory, order);
  assert.ok(made.ok);
  const [first, second] = [readServerDirectory(directory), readServerDirectory(directory)];
  assert.ok(first.ok && second.ok);
  assert.deepEqual(first.value.config, {
    name: "A",
    listen: "127.0.0.1",
    address: "127.0.0.1",
    ports,
    pair: { first_pass_rate: 0, suspect_after_ms: 6_000, slow_after_ms: 2_000 },
    backup: { every: null, keep: 14, directory: "backups" },
    security: defaultSecurity,
  });
  assert.equal(first.value.node, made.value.node);
  assert.equal(first.value.issued, null);
  assert.equal(first.value.temporary.fingerprint256, second.value.temporary.fingerprint256);
  assert.ok(first.value.temporary.checkPrivateKey(first.value.tlsKey));
  assert.match(first.value.temporary.subject, /O=Temporary certificate of Gridward/);
  assert.equal(first.value.pairingKey.asymmetricKeyType, "ed25519");
  const { pairingKey, tlsKey, signerKey } = serverPaths(directory);
  for (const path of [pairingKey, tlsKey, signerKey]) {
    assert.equal(statSync(path).mode & 0o777, 0o600);
  }
});

test("[TR3] a directory that holds anything is left as it is", () => {
  const directory = mkdtempSync(join(place, "foreign-"));
  writeFileSync(join(directory, "theirs"), "x");
  const refused = initServer(directory, order);
  assert.ok(!refused.ok && refused.error.code === "config.already-initialised");
  assert.equal(readFileSync(join(directory, "theirs"), "utf8"), "x");
});

test("[TR3] a bad name or port makes nothing", () => {
  const refused = initServer(join(place, "bad"), { ...order, name: "a b" });
  assert.ok(!refused.ok && refused.error.code === "config.bad-value");
  assert.throws(() => statSync(join(place, "bad")));
});

test("[TR4] an unknown key, broken text, a missing file and a broken key are each refused by name", () => {
  const directory = join(place, "broken");
  const missing = readServerConfig(directory);
  assert.ok(!missing.ok && missing.error.code === "config.not-initialised");
  assert.ok(initServer(directory, order).ok);
  const paths = serverPaths(directory);
  const sound = readFileSync(paths.config);
  appendFileSync(paths.config, "htps = 1\n");
  const unknown = readServerConfig(directory);
  assert.ok(!unknown.ok && unknown.error.code === "config.unknown-key");
  assert.match(unknown.error.detail, /server\.toml: pair\.htps \(nearest: ports\.https\)$/);
  appendFileSync(paths.config, "=\n");
  const broken = readServerConfig(directory);
  assert.ok(!broken.ok && broken.error.code === "config.unreadable");
  assert.match(broken.error.detail, /server\.toml: line \d+: /);
  writeFileSync(paths.config, sound);
  writeFileSync(paths.tlsKey, "no key");
  const key = readServerDirectory(directory);
  assert.ok(!key.ok && key.error.code === "disk.unreadable");
  assert.match(key.error.detail, /tls\.pem: no private key$/);
});

test("[TR5] what the authority issued is kept and found again", () => {
  const directory = join(place, "issued");
  assert.ok(initServer(directory, order).ok);
  const authority = testAuthority("Ours", now);
  const { certificate } = authority.issue({ profile: "server" });
  const signer = authority.issue({ profile: "replica-signer" }).certificate;
  saveIssued(directory, {
    authority: authority.certificate,
    above: [],
    cross: null,
    certificate,
    signerCertificate: signer,
  });
  const read = readServerDirectory(directory);
  assert.ok(read.ok);
  assert.equal(read.value.issued?.certificate.fingerprint256, certificate.fingerprint256);
  assert.equal(read.value.issued.signerCertificate.fingerprint256, signer.fingerprint256);
});

import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { day } from "@gridward/core/base/time";
import { readImported, removeImported, saveImported } from "./certificate-store.ts";
import { testAuthority } from "./test-authority.ts";
import { fingerprintOf } from "./x509/read.ts";

const now = Date.UTC(2027, 0, 1);
const root = testAuthority("Root", now - day);
const middle = testAuthority("Middle", now - day, root);
const made = middle.issue({ profile: "server" });
const imported = { ...made, issuers: [middle.certificate] };
const fingerprint = fingerprintOf(made.certificate);

function folder(t: TestContext): { readonly directory: string; readonly file: string } {
  const directory = mkdtempSync(join(tmpdir(), "gridward-store-"));
  t.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "certificates"));
  writeFileSync(join(directory, "certificates", "server.pem"), "of somebody else");
  return { directory, file: join(directory, "certificates", `${fingerprint}.pem`) };
}

test("[CH6][CS5] what was saved is read back, from a file for its owner only", (t) => {
  const { directory, file } = folder(t);
  saveImported(directory, imported);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(directory, "certificates")), [
    `${fingerprint}.pem`,
    "server.pem",
  ]);
  const read = readImported(directory, []);
  assert.ok(read.ok);
  const [candidate, ...others] = read.value;
  assert.equal(others.length, 0);
  assert.equal(candidate && fingerprintOf(candidate.certificate), fingerprint);
  assert.deepEqual(candidate?.issuers.map(fingerprintOf), [fingerprintOf(middle.certificate)]);
  assert.ok(candidate?.key?.equals(made.key));
  removeImported(directory, fingerprint);
  assert.deepEqual(readdirSync(join(directory, "certificates")), ["server.pem"]);
});

test("[CH6] a certificate of the server's own key takes that; one whose key is damaged has none", (t) => {
  const { directory, file } = folder(t);
  saveImported(directory, { ...imported, key: null });
  const own = readImported(directory, [made.key]);
  assert.ok(own.ok && own.value[0]?.key?.equals(made.key));
  const without = readImported(directory, []);
  assert.ok(without.ok && without.value[0]?.key === null);
  saveImported(directory, imported);
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(/BEGIN PRIVATE KEY-----\n..../, "BEGIN PRIVATE KEY-----\nAAAA"));
  const damaged = readImported(directory, []);
  assert.ok(damaged.ok && damaged.value[0]?.key === null);
});

test("[CH6] a file that holds another certificate, or none, is named", (t) => {
  const { directory, file } = folder(t);
  for (const content of ["", root.certificate.toString(), "-----BEGIN CERTIFICATE-----"]) {
    writeFileSync(file, content);
    const read = readImported(directory, []);
    assert.ok(!read.ok && read.error.code === "disk.unreadable");
    assert.ok(read.error.detail.startsWith(file));
  }
});

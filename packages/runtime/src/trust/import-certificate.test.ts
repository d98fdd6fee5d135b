import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, type X509Certificate } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import * as fc from "fast-check";
import { utf8, type Bytes } from "@gridward/core/base/bytes";
import { encodeBer } from "@gridward/core/codec/ber";
import { nodeId } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import { day } from "@gridward/core/base/time";
import { freshId } from "../os/random.ts";
import { importCertificate, type ImportOrder } from "./import-certificate.ts";
import { bundleBytesMax, readBundle } from "./read-bundle.ts";
import { testAuthority } from "./test-authority.ts";
import { withSerial } from "./test-reissue.ts";
import { decryptPbe } from "./x509/decrypt-pbe.ts";
import { buildCertificate } from "./x509/certificate.ts";
import { encodeCertsOnly } from "./x509/certs-only.ts";
import { createTlsKey } from "./x509/keys.ts";
import { fingerprintOf } from "./x509/read.ts";

const now = Date.UTC(2027, 0, 1);
const name = { kind: "server", node: nodeId(freshId()) } as const;
const root = testAuthority("Root", now - day);
const middle = testAuthority("Middle", now - day, root);
const { certificate, key } = middle.issue({ profile: "server", name });
const other = root.issue({ profile: "server", name });

const pem = {
  leaf: String(certificate),
  middle: String(middle.certificate),
  root: String(root.certificate),
  key: key.export({ type: "pkcs8", format: "pem" }).toString(),
  sec1: key.export({ type: "sec1", format: "pem" }).toString(),
  closed: closedPem("pkcs8"),
  closedSec1: closedPem("sec1"),
};

function closedPem(type: "pkcs8" | "sec1"): string {
  const options = { type, format: "pem", cipher: "aes-256-cbc", passphrase: "geheim" } as const;
  return key.export(options).toString();
}

function order(files: readonly (string | Bytes)[], change: Partial<ImportOrder> = {}): ImportOrder {
  return {
    files: files.map((file) => (typeof file === "string" ? utf8(file) : file)),
    passphrase: null,
    ownKeys: [],
    ...change,
  };
}

const passphrase = new Secret("geheim");
const der = {
  key: key.export({ type: "pkcs8", format: "der" }),
  closed: key.export({
    type: "pkcs8",
    format: "der",
    cipher: "aes-256-cbc",
    passphrase: "geheim",
  }),
};

const good: readonly (readonly [string, ImportOrder])[] = [
  ["one file", order([pem.leaf + pem.middle + pem.key])],
  [
    "key first, root last, words between",
    order([`${pem.key}Bag\n${pem.middle}${pem.leaf}${pem.root}`]),
  ],
  ["three files", order([pem.middle, pem.key, pem.leaf])],
  ["a key of its own kind", order([pem.sec1, pem.leaf, pem.middle])],
  ["an encrypted key", order([pem.closed + pem.leaf + pem.middle], { passphrase })],
  [
    "an encrypted key of the old kind",
    order([pem.closedSec1, pem.leaf, pem.middle], { passphrase }),
  ],
  ["DER", order([certificate.raw, der.key, middle.certificate.raw])],
  ["DER, encrypted", order([certificate.raw, der.closed, middle.certificate.raw], { passphrase })],
  ["PKCS#7", order([encodeCertsOnly([middle.certificate, certificate]), pem.key])],
  ["what is there twice", order([pem.leaf + pem.leaf + pem.key + pem.middle, pem.key])],
];

for (const [what, files] of good) {
  test(`[CH3][CS5] ${what}: certificate, key and chain`, async () => {
    const imported = await importCertificate(files);
    assert.ok(imported.ok, JSON.stringify(imported));
    assert.equal(fingerprintOf(imported.value.certificate), fingerprintOf(certificate));
    assert.ok(imported.value.key?.equals(key));
    const chain = imported.value.issuers.map(fingerprintOf);
    assert.deepEqual(chain, [fingerprintOf(middle.certificate)]);
  });
}

test("[CH3][CS5] a certificate for a key that the server holds comes without one", async () => {
  const imported = await importCertificate(order([pem.leaf], { ownKeys: [createTlsKey(), key] }));
  assert.ok(imported.ok && imported.value.key === null);
});

function certify(
  publicKey: KeyObject,
  profile: "server" | "replica-signer" = "server",
): X509Certificate {
  const subject = { commonName: "A" };
  return buildCertificate({ profile, publicKey, subject, hosts: ["a"], now }, root);
}

function both(made: X509Certificate, own: KeyObject): string {
  return String(made) + own.export({ type: "pkcs8", format: "pem" }).toString();
}

const weakKey = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
const oddKey = generateKeyPairSync("ec", { namedCurve: "secp521r1" }).privateKey;
const otherKey = other.key.export({ type: "pkcs8", format: "pem" }).toString();
const authorityKey = root.key.export({ type: "pkcs8", format: "pem" }).toString();

const bad: readonly (readonly [string, ImportOrder, string])[] = [
  ["nothing", order([]), "server-certificate.nothing-found"],
  ["words", order(["hello"]), "server-certificate.unreadable"],
  ["a key alone", order([pem.key]), "server-certificate.nothing-found"],
  ["half a file", order([pem.leaf.slice(0, -20) + pem.key]), "server-certificate.unreadable"],
  [
    "a damaged part",
    order([pem.leaf.replace("MII", "MIX") + pem.key]),
    "server-certificate.unreadable",
  ],
  [
    "too large a file",
    order([new Uint8Array(bundleBytesMax + 1)]),
    "server-certificate.unreadable",
  ],
  ["another's key", order([pem.leaf, otherKey]), "server-certificate.key-mismatch"],
  ["no key", order([pem.leaf]), "server-certificate.key-missing"],
  [
    "two with keys",
    order([pem.leaf, pem.key, both(other.certificate, other.key)]),
    "server-certificate.ambiguous",
  ],
  ["no passphrase", order([pem.leaf, pem.closed]), "server-certificate.passphrase-required"],
  [
    "no passphrase, old",
    order([pem.leaf, pem.closedSec1]),
    "server-certificate.passphrase-required",
  ],
  ["no passphrase, DER", order([pem.leaf, der.closed]), "server-certificate.passphrase-required"],
  [
    "wrong passphrase",
    order([pem.leaf, pem.closed], { passphrase: new Secret("x") }),
    "server-certificate.passphrase-wrong",
  ],
  [
    "wrong passphrase, old",
    order([pem.leaf, pem.closedSec1], { passphrase: new Secret("x") }),
    "server-certificate.passphrase-wrong",
  ],
  ["weak", order([both(certify(weakKey), weakKey)]), "server-certificate.weak-key"],
  ["odd curve", order([both(certify(oddKey), oddKey)]), "server-certificate.weak-key"],
  [
    "serial zero",
    order([both(withSerial(certify(key), root.key, [0]), key)]),
    "server-certificate.bad-serial",
  ],
  [
    "negative",
    order([both(withSerial(certify(key), root.key, [0x80]), key)]),
    "server-certificate.bad-serial",
  ],
  [
    "wrong purpose",
    order([both(certify(key, "replica-signer"), key)]),
    "server-certificate.wrong-purpose",
  ],
  ["authority", order([pem.root + authorityKey]), "server-certificate.is-authority"],
  ["authorities alone", order([pem.root + pem.middle]), "server-certificate.is-authority"],
];

for (const [what, files, code] of bad) {
  test(`[CH4][CS5] ${what}: ${code}`, async () => {
    const imported = await importCertificate(files);
    assert.ok(!imported.ok);
    assert.equal(imported.error.code, code);
  });
}

test("[CH5] a key that asks for too many rounds is not computed", async () => {
  const salt = encodeBer(0x04, new Uint8Array(8));
  for (const rounds of ["01e84800", "1e8481", "7fffffff", "00", "ff"]) {
    const count = encodeBer(0x02, Buffer.from(rounds, "hex"));
    const old = Buffer.concat([salt, count]);
    const derivation = encodeBer(0x30, Buffer.concat([pbkdf2Id, encodeBer(0x30, old)]));
    const iv = encodeBer(0x04, new Uint8Array(16));
    const encryption = encodeBer(0x30, Buffer.concat([aes256Id, iv]));
    for (const [algorithm, says] of [
      ["1.2.840.113549.1.5.13", Buffer.concat([derivation, encryption])],
      ["1.2.840.113549.1.12.1.3", old],
    ] as const) {
      const parameters = new Uint8Array(encodeBer(0x30, says)).buffer;
      const asked = new AlgorithmIdentifier({ algorithm, parameters });
      const opened = await decryptPbe(asked, new Uint8Array(16), passphrase);
      assert.ok(!opened.ok && opened.error === "unsupported", rounds);
    }
  }
});

const pbkdf2Id = Buffer.from("06092a864886f70d01050c", "hex");
const aes256Id = Buffer.from("060960864801650304012a", "hex");

test("[CH5] a PEM of beginnings without end costs its length", async () => {
  for (const text of ["-----BEGIN A-----".repeat(15_000), "-----BEGIN ".repeat(20_000)]) {
    assert.equal((await readBundle(utf8(text), null)).ok, false);
  }
  const blocks = "-----BEGIN A-----\n-----END A-----\n".repeat(7000);
  const read = await readBundle(utf8(blocks), null);
  assert.ok(!read.ok && read.error.why === "too large");
});

const kept = new URL("test-pkcs12/", import.meta.url);
const stored = readdirSync(kept).map((file) => [file, readFileSync(new URL(file, kept))] as const);

test("[CH5] no bytes make a reader throw", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      assert.equal((await readBundle(bytes, passphrase)).ok, false);
    }),
  );
  const deep = new Uint8Array(bundleBytesMax).fill(0x30);
  assert.equal((await readBundle(deep, passphrase)).ok, false);
  const nested = Buffer.alloc(60_000, Buffer.from("3080", "hex"));
  assert.equal((await readBundle(nested, passphrase)).ok, false);
});

for (const [file, whole] of [...stored, ["bundle.pem", utf8(pem.leaf + pem.closed)] as const]) {
  test(`[CH5] no damage to ${file} makes a reader throw`, async () => {
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(whole.length), async (bytes, length) => {
        const copy = Buffer.from(whole);
        for (const [at, byte] of bytes) copy[at] = byte;
        await readBundle(copy, passphrase);
        await readBundle(copy.subarray(0, length), passphrase);
      }),
      { numRuns: 30 },
    );
  });
}

const expectedOf: Readonly<Record<string, string>> = {
  "aes.p12": "read",
  "triple-des.p12": "read",
  "no-encryption.p12": "read",
  "rc2.p12": "unsupported encryption",
};

for (const [file, bytes] of stored) {
  test(`[CH3][CS5] ${file} of OpenSSL: ${expectedOf[file]}`, async () => {
    const read = await readBundle(bytes, passphrase);
    assert.equal(read.ok ? "read" : read.error.why, expectedOf[file]);
    if (!read.ok || file === "no-encryption.p12") return;
    const imported = await importCertificate(order([bytes], { passphrase }));
    assert.ok(imported.ok);
    assert.equal(imported.value.issuers.length, 1);
    for (const [wrong, why] of [
      [new Secret("falsch"), "server-certificate.passphrase-wrong"],
      [null, "server-certificate.passphrase-required"],
    ] as const) {
      const refused = await importCertificate(order([bytes], { passphrase: wrong }));
      assert.ok(!refused.ok && refused.error.code === why);
    }
  });
}

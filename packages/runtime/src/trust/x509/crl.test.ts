import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { AsnConvert } from "@peculiar/asn1-schema";
import { CertificateList } from "@peculiar/asn1-x509";
import { day } from "@gridward/core/base/time";
import { revocationReasons } from "@gridward/core/domain/revocation-reason";
import { buildCertificate } from "./certificate.ts";
import { buildCrl, crlBytesMax, crlToPem, type CrlOrder } from "./crl.ts";
import { createTlsKey } from "./keys.ts";
import { readCrl } from "./read-crl.ts";

const now = Date.UTC(2027, 0, 1, 12, 0, 0, 999);
const key = createTlsKey();
const subject = { commonName: "Ours" };
const authorityOrder = { profile: "authority", publicKey: key, subject, hosts: [], now } as const;
const certificate = buildCertificate(authorityOrder, { key });

const listed = revocationReasons.map((reason, index) => ({
  serial: `${index === 0 ? "8" : "4"}${index}`.padEnd(32, "a"),
  at: now - index * day,
  reason,
}));

function made(changes: Partial<CrlOrder> = {}): Uint8Array {
  const says = { number: 7, thisUpdate: now, nextUpdate: now + 7 * day, listed, ...changes };
  return new Uint8Array(buildCrl(says, { key, certificate }));
}

test("[X12][PK5] a list says who was revoked when and why, in whole seconds, under its number", () => {
  const read = readCrl(made());
  assert.ok(read.ok);
  const { number, thisUpdate, nextUpdate, revoked, isSignedBy } = read.value;
  const whole = Math.floor(now / 1000) * 1000;
  assert.deepEqual([number, thisUpdate, nextUpdate], [7n, whole, whole + 7 * day]);
  assert.deepEqual(
    [...revoked],
    listed.map(({ serial, at, reason }) => [serial, { at: Math.floor(at / 1000) * 1000, reason }]),
  );
  assert.ok(isSignedBy(certificate));
});

test("[X12] PEM and DER are read alike; a list of nobody names nobody", () => {
  const pem = crlToPem(made({ listed: [] }));
  assert.match(pem, /^-----BEGIN X509 CRL-----\n/);
  const read = readCrl(pem);
  assert.ok(read.ok);
  assert.equal(read.value.revoked.size, 0);
  const { tbsCertList } = AsnConvert.parse(made({ listed: [] }), CertificateList);
  assert.equal(tbsCertList.revokedCertificates, undefined);
});

test("[X12] numbers are whole and positive, also beyond 31 and 32 bits", () => {
  for (const number of [1, 127, 128, 255, 256, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 4_102_444_800]) {
    const read = readCrl(made({ number }));
    assert.ok(read.ok);
    assert.equal(read.value.number, BigInt(number));
  }
});

test("[X12] a list of as many certificates as it may name is made and read at once", () => {
  const many = Array.from({ length: 20_000 }, (_, index) => ({
    serial: (0x40000000 + index).toString(16).padEnd(32, "0"),
    at: now,
    reason: "keyCompromise" as const,
  }));
  const bytes = made({ listed: many });
  assert.ok(bytes.length <= crlBytesMax, String(bytes.length));
  const read = readCrl(bytes);
  assert.ok(read.ok);
  assert.equal(read.value.revoked.size, many.length);
});

test("[X12] a time from 2050 on takes four digits of its year", () => {
  const thisUpdate = Date.UTC(2050, 0, 1);
  const read = readCrl(made({ thisUpdate, nextUpdate: thisUpdate + day }));
  assert.ok(read.ok);
  assert.equal(read.value.thisUpdate, thisUpdate);
});

test("[X12] another authority's certificate did not sign it, even one of the same name", () => {
  const other = createTlsKey();
  const namesake = buildCertificate({ ...authorityOrder, publicKey: other }, { key: other });
  const renamed = buildCertificate(
    { ...authorityOrder, subject: { commonName: "Theirs" } },
    { key },
  );
  const read = readCrl(made());
  assert.ok(read.ok);
  assert.equal(read.value.isSignedBy(namesake), false);
  assert.equal(read.value.isSignedBy(renamed), false);
});

test("[X12] a critical extension that we do not know refuses the list as a whole", () => {
  const list = AsnConvert.parse(made(), CertificateList);
  for (const extension of list.tbsCertList.crlExtensions ?? []) extension.critical = true;
  const read = readCrl(new Uint8Array(AsnConvert.serialize(list)));
  assert.ok(!read.ok);
  assert.match(read.error, /critical extension 2\.5\.29\.35/);
});

test("[X12] a critical extension of an entry may make it another issuer's, and refuses the list", () => {
  const list = AsnConvert.parse(made(), CertificateList);
  const [, entry] = list.tbsCertList.revokedCertificates ?? [];
  for (const extension of entry?.crlEntryExtensions ?? []) extension.critical = true;
  const read = readCrl(new Uint8Array(AsnConvert.serialize(list)));
  assert.ok(!read.ok);
  assert.match(read.error, /an entry of the list has a critical extension/);
});

test("[X6] a PEM of nothing but blanks costs its length", () => {
  const blanks = `-----BEGIN X509 CRL-----\n${" ".repeat(2 * crlBytesMax - 100)}`;
  for (const end of ["", "-----END X509 CRL-----\n"]) {
    assert.equal(readCrl(blanks + end).ok, false);
  }
});

test("[X6] no bytes make the reader of revocation lists throw, and no damage makes it genuine", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 512 }), (bytes) => {
      assert.equal(readCrl(bytes).ok, false);
      assert.equal(readCrl(Buffer.from(bytes).toString("latin1")).ok, false);
    }),
  );
  const whole = Buffer.from(made());
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), {
    minLength: 1,
    maxLength: 3,
  });
  const undamaged = readCrl(whole);
  assert.ok(undamaged.ok);
  fc.assert(
    fc.property(damage, (bytes) => {
      const copy = Buffer.from(whole);
      for (const [at, byte] of bytes) copy[at] = byte;
      const read = readCrl(copy);
      if (!read.ok || !read.value.isSignedBy(certificate)) return;
      // Bits around what is signed may be read leniently: what it says stays the same.
      assert.deepEqual(read.value.revoked, undamaged.value.revoked);
    }),
    { numRuns: 300 },
  );
  assert.equal(readCrl(new Uint8Array(64 * 1024).fill(0x30)).ok, false);
  const empties = new Uint8Array(crlBytesMax).map((_, index) => (index % 2 === 0 ? 0x30 : 0));
  assert.equal(readCrl(empties).ok, false);
  assert.equal(readCrl(new Uint8Array(crlBytesMax + 1)).ok, false);
});

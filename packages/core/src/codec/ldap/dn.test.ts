import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Dn, formatDn, normaliseDn, parseDn } from "./dn.ts";

const part = fc.record(
  {
    type: fc.constantFrom("cn", "uid", "ou", "dc", "2.5.4.3"),
    value: fc.string({ unit: "grapheme", maxLength: 20 }),
  },
  { noNullPrototype: true },
);
const dn: fc.Arbitrary<Dn> = fc.array(fc.array(part, { minLength: 1, maxLength: 2 }), {
  maxLength: 5,
});

function keyOf(text: string): string {
  const parsed = parseDn(text);
  return parsed.ok ? normaliseDn(parsed.value).join(",") : parsed.error;
}

test("[LDAP10] a name that was written is read back (RFC 4514)", () => {
  fc.assert(
    fc.property(dn, (name) => {
      assert.deepEqual(parseDn(formatDn(name)), { ok: true, value: name });
    }),
    { numRuns: 1_000 },
  );
});

test("[LDAP10] the examples of RFC 4514 §4", () => {
  const read = (text: string): unknown => {
    const parsed = parseDn(text);
    return parsed.ok ? parsed.value.map((rdn) => rdn.map((one) => one.value)) : parsed.error;
  };
  assert.deepEqual(read("UID=jsmith,DC=example,DC=net"), [["jsmith"], ["example"], ["net"]]);
  assert.deepEqual(read("OU=Sales+CN=J.  Smith,DC=example"), [["Sales", "J.  Smith"], ["example"]]);
  assert.deepEqual(read(String.raw`CN=James \"Jim\" Smith\, III`), [['James "Jim" Smith, III']]);
  assert.deepEqual(read(String.raw`CN=Before\0dAfter`), [["Before\rAfter"]]);
  assert.deepEqual(read("1.3.6.1.4.1.1466.0=#04024869"), [["Hi"]]);
  assert.deepEqual(read(String.raw`CN=Lu\C4\8Di\C4\87`), [["Lučić"]]);
});

test("[LDAP11] names that mean the same have one normal form", () => {
  const expected = "uid=anna,ou=people,dc=example,dc=org";
  assert.equal(keyOf("UID=Anna, OU=People ,dc=example;DC=ORG"), expected);
  assert.equal(keyOf("0.9.2342.19200300.100.1.1=anna,2.5.4.11=people,dc=example,dc=org"), expected);
  assert.equal(keyOf(String.raw`uid=\61nna,ou=people,dc=example,dc=org`), expected);
  assert.equal(keyOf("cn=a+ou=b"), keyOf("ou=B+cn=A"));
  assert.equal(keyOf(""), "");
});

test("[LDAP11] a value cannot pretend to be more than one part", () => {
  assert.notEqual(keyOf(String.raw`uid=anna\,ou=people`), keyOf("uid=anna,ou=people"));
});

test("[LDAP12] what is no name is refused in words", () => {
  const bad = ["anna", "=anna", "uid=a,", ",", "uid=a\\", "uid=\\ff", 'cn="x"', "cn=#zz", "cn=a<b"];
  for (const text of bad) assert.equal(parseDn(text).ok, false, text);
  assert.equal(parseDn(`cn=${"a".repeat(5_000)}`).ok, false);
  assert.equal(parseDn(Array.from({ length: 40 }, () => "dc=a").join(",")).ok, false);
});

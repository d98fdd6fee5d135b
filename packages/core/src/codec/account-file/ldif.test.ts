import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeBase64, encodeBase64 } from "../../base/base64.ts";
import { decodeLdif, encodeLdif, type LdifEntry } from "./ldif.ts";

const many = 100;

function faultOf(text: string, most = many): string {
  const read = decodeLdif(text, most);
  return read.ok ? "read" : `${read.error.line}: ${read.error.says}`;
}

const value = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.constantFrom("", " a", "a ", ":a", "<a", "a\nb", "ä", "#a", "x".repeat(400)),
);
const entry: fc.Arbitrary<LdifEntry> = fc.record({
  dn: fc.constantFrom(
    "uid=anna,ou=people,dc=example",
    "cn=Jörg,dc=example",
    `cn=${"x".repeat(99)}`,
  ),
  attributes: fc.array(fc.tuple(fc.constantFrom("cn", "display-Name", "x;lang-de"), value), {
    maxLength: 5,
  }),
});

test("[ACF1][AM6] what was written as LDIF is read back", () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 5 }), fc.boolean(), (entries, isWindows) => {
      // Lone surrogates have no UTF-8.
      const sound = entries.every(({ attributes }) =>
        attributes.every(([, text]) => text.isWellFormed()),
      );
      fc.pre(sound);
      const text = encodeLdif(entries);
      for (const line of text.split("\n")) assert.ok(line.length <= 76, line);
      const read = decodeLdif(isWindows ? text.replaceAll("\n", "\r\n") : text, many);
      assert.ok(read.ok, JSON.stringify(read));
      const back = read.value.map(({ dn, attributes }) => ({
        dn,
        attributes: [...attributes].flatMap(([name, values]) =>
          values.map((one) => `${name}=${one}`),
        ),
      }));
      const expected = entries.map(({ dn, attributes }) => ({
        dn,
        attributes: attributes.map(([name, one]) => `${name.toLowerCase()}=${one}`),
      }));
      for (const list of [back, expected]) for (const one of list) one.attributes.sort();
      assert.deepEqual(back, expected);
    }),
  );
});

test("[ACF1] the example of RFC 2849, and what ldifde writes, is read", () => {
  const folded =
    "version: 1\ndn: cn=Barbara Jensen, ou=Product Development, dc=airius, dc=com\n" +
    "objectclass: top\nobjectclass: person\ncn: Barbara Jensen\n# a comment\n  of two lines\n" +
    "description:Babs is a big sailing fan, and travels extensively in sea\n rch of perfect\n" +
    "sn:: SmVuc2Vu\n\n\n";
  const read = decodeLdif(folded, many);
  assert.ok(read.ok);
  const [babs] = read.value;
  assert.equal(babs?.line, 2);
  assert.deepEqual(babs.attributes.get("objectclass"), ["top", "person"]);
  assert.deepEqual(babs.attributes.get("sn"), ["Jensen"]);
  assert.match(babs.attributes.get("description")?.[0] ?? "", /in search of perfect$/);
  const ldifde =
    "dn: CN=Anna,DC=corp\r\nchangetype: add\r\nsAMAccountName: Anna\r\nobjectGUID:: //79/A==\r\n";
  const added = decodeLdif(ldifde, many);
  assert.ok(added.ok);
  assert.deepEqual([...(added.value[0]?.attributes ?? [])], [["samaccountname", ["Anna"]]]);
});

test("[ACF2][AM6] what cannot be read is refused with its line", () => {
  assert.equal(faultOf("version: 2\ndn: a=b\n"), "1: only version 1 of LDIF can be read");
  assert.equal(faultOf("dn: a=b\nversion: 1\n"), "read");
  assert.equal(faultOf("cn: Anna\n"), "1: an entry begins with dn:");
  assert.equal(faultOf("dn: a=b\n\ncn: c\n"), "3: an entry begins with dn:");
  assert.equal(faultOf(" folded\n"), "1: a line that begins with a space continues none");
  assert.match(faultOf("dn: a=b\nchangetype: modify\nreplace: cn\n"), /^2: only entries/);
  assert.match(faultOf("dn: a=b\nchangetype: delete\n"), /^2: only entries/);
  assert.equal(
    faultOf("dn: a=b\njpegPhoto:< file:///etc/passwd\n"),
    "2: a value by URL is not read",
  );
  assert.equal(faultOf("dn: a=b\ncn:: ä\n"), "2: not base64");
  assert.equal(faultOf("name,role\nanna,OPERATOR\n"), "1: no attribute: value");
  assert.equal(faultOf("dn: a=b\n-\n"), "2: no attribute: value");
});

test("[ACF3] no text makes the reader throw; entries and values are bounded", () => {
  const piece = fc.constantFrom(
    "dn: a=b\n",
    "\n",
    " ",
    "cn:",
    ":",
    "<",
    "#",
    "version: 1\n",
    "-",
    "=",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
      const read = decodeLdif(pieces.join(""), many);
      assert.ok(read.ok ? read.value.length <= many : read.error.line > 0);
    }),
  );
  assert.equal(faultOf("dn: a=b\n\n".repeat(3), 2), "5: more than 2 entries");
  assert.match(faultOf(`dn: a=b\n${"member: x\n".repeat(10_001)}`), /more than 10000 values/);
  const folded = `dn: a=b\ncn: ${"\n x".repeat(500_000)}`;
  assert.equal(faultOf(folded), "read");
});

test("[ACF1] base64 is read as it was written, and what is none is refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      const text = encodeBase64(bytes);
      assert.equal(text, Buffer.from(bytes).toString("base64"));
      assert.deepEqual(decodeBase64(text), { ok: true, value: bytes });
      assert.deepEqual(decodeBase64(text.replaceAll("=", "")), { ok: true, value: bytes });
    }),
  );
  const wrong = ["A", "AA=A", "A A=", "AAAA===", "-_"];
  assert.ok(wrong.every((text) => !decodeBase64(text).ok));
});

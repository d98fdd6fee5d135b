import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { concat, encodeHex } from "../../base/bytes.ts";
import { encodeBer } from "../ber.ts";
import { LdapFramer } from "./framer.ts";

const body = fc.uint8Array({ maxLength: 300 }).map((bytes) => encodeBer(0x30, bytes));

test("[LDAP8] messages come out whole and in order, however the stream was cut", () => {
  const cut = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(body), cut, (messages, cuts) => {
      const stream = concat(messages);
      const framer = new LdapFramer();
      const received: Uint8Array[] = [];
      for (let offset = 0, round = 0; offset < stream.length; round++) {
        const size = cuts[round % cuts.length] ?? 1;
        const out = framer.push(stream.subarray(offset, offset + size));
        assert.ok(out.ok);
        received.push(...out.value);
        offset += size;
      }
      assert.deepEqual(received.map(encodeHex), messages.map(encodeHex));
    }),
    { numRuns: 300 },
  );
});

test("[LDAP8] one octet at a time, a long message costs time in proportion", () => {
  const message = encodeBer(0x30, new Uint8Array(200_000));
  const framer = new LdapFramer();
  let received = 0;
  for (const octet of message) {
    const out = framer.push(Uint8Array.of(octet));
    if (out.ok) received += out.value.length;
  }
  assert.equal(received, 1);
});

test("[LDAP9] a declared length beyond a mebibyte is refused by its header", () => {
  const declared = Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff);
  assert.deepEqual(new LdapFramer().push(declared), { ok: false, error: "length too large" });
  const slightlyTooLong = Uint8Array.of(0x30, 0x83, 0x10, 0x00, 0x00);
  assert.deepEqual(new LdapFramer().push(slightlyTooLong), {
    ok: false,
    error: "message too long",
  });
});

test("[LDAP9] another protocol is refused by its first octet", () => {
  const refusal = { ok: false, error: "not an LDAP message" };
  assert.deepEqual(new LdapFramer().push(Uint8Array.of(0x47)), refusal);
  assert.deepEqual(new LdapFramer().push(Uint8Array.of(0x16, 0x03)), refusal);
});

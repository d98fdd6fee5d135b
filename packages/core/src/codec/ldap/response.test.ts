import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeResponse, encodeResponse, type LdapResponse, resultOf } from "./response.ts";

const text = fc.string({ unit: "grapheme", maxLength: 40 });
const plain = { noNullPrototype: true } as const;
const result = fc.record({ code: fc.nat(4_096), matchedDn: text, message: text }, plain);

const response: fc.Arbitrary<LdapResponse> = fc.oneof(
  fc.record(
    {
      kind: fc.constant("entry" as const),
      dn: text,
      attributes: fc.array(
        fc.record({ name: text, values: fc.array(text, { maxLength: 4 }) }, plain),
      ),
    },
    plain,
  ),
  fc.record(
    { kind: fc.constant("reference" as const), urls: fc.array(text, { maxLength: 3 }) },
    plain,
  ),
  fc.record(
    {
      kind: fc.constantFrom("bind", "search", "compare", "modify", "add", "delete", "modify-dn"),
      result,
    },
    plain,
  ),
  fc.record(
    {
      kind: fc.constant("extended" as const),
      result,
      oid: fc.option(text),
      value: fc.option(fc.uint8Array({ maxLength: 40 })),
    },
    plain,
  ),
);

test("[LDAP7] every response decodes to what was encoded", () => {
  fc.assert(
    fc.property(fc.nat(2_147_483_647), response, (id, sent) => {
      const received = decodeResponse(encodeResponse(id, sent));
      assert.deepEqual(received, { ok: true, value: { id, response: sent, controls: [] } });
    }),
    { numRuns: 500 },
  );
});

test("[LDAP7] a success without texts is the fourteen octets that every server sends", () => {
  const bytes = encodeResponse(2, { kind: "search", result: resultOf("success") });
  assert.equal(Buffer.from(bytes).toString("hex"), "300c02010265070a010004000400");
});

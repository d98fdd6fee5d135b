import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { encodeHex } from "@gridward/core/base/bytes";
import { formatPhc, parsePhc, type Phc } from "./phc.ts";

const salt = "c29tZXNhbHRzb21lc2FsdA";
const tag = "A".repeat(43);

test("[OS6] what was formatted parses to the same", () => {
  const phc = fc.record({
    cost: fc.record({
      memory: fc.integer({ min: 128, max: 262_144 }),
      passes: fc.integer({ min: 1, max: 16 }),
      lanes: fc.integer({ min: 1, max: 16 }),
    }),
    salt: fc.uint8Array({ minLength: 8, maxLength: 64 }),
    tag: fc.uint8Array({ minLength: 12, maxLength: 64 }),
  });
  fc.assert(
    fc.property(phc, (value) => {
      const parsed = parsePhc(formatPhc(value));
      assert.ok(parsed.ok);
      assert.deepEqual(plain(parsed.value), plain(value));
    }),
  );
});

test("[OS6] other variants, other versions and costs beyond the limits are refused", () => {
  const refused = [
    `$argon2i$v=19$m=19456,t=2,p=1$${salt}$${tag}`,
    `$argon2id$v=16$m=19456,t=2,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=9999999,t=2,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=7,t=2,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=19456,t=0,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=19456,t=2,p=255$${salt}$${tag}`,
    "",
  ];
  for (const text of refused) assert.equal(parsePhc(text).ok, false, text);
  fc.assert(fc.property(fc.string(), (text) => !parsePhc(text).ok));
});

function plain({ cost, salt: saltBytes, tag: tagBytes }: Phc): unknown {
  return { cost: { ...cost }, salt: encodeHex(saltBytes), tag: encodeHex(tagBytes) };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Bytes } from "../base/bytes.ts";
import {
  type BerElement,
  berContentMax,
  berDepthMax,
  berElementsMax,
  berTags,
  booleanOf,
  contentOf,
  decodeBer,
  decodeBerHeader,
  encodeBer,
  encodeBerBoolean,
  encodeBerInteger,
  integerOf,
  textOf,
} from "./ber.ts";

const none = new Uint8Array(0);

function decoded(bytes: Bytes): BerElement {
  const element = decodeBer(bytes);
  assert.ok(element.ok, element.ok ? "" : element.error);
  return element.value;
}

function nested(levels: number): Bytes {
  let bytes: Bytes = none;
  for (let level = 0; level < levels; level++) bytes = encodeBer(berTags.sequence, bytes);
  return bytes;
}

test("[BER1] what was encoded decodes to the same: integers, booleans, text, octets, nesting", () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.boolean(),
      fc.string({ unit: "grapheme" }),
      fc.uint8Array({ maxLength: 70_000 }),
      (integer, boolean, text, octets) => {
        const [first, second, third, fourth] = decoded(
          encodeBer(
            berTags.sequence,
            encodeBerInteger(berTags.integer, integer),
            encodeBerBoolean(berTags.boolean, boolean),
            encodeBer(berTags.octetString, new TextEncoder().encode(text)),
            encodeBer(berTags.octetString, octets),
          ),
        ).children;
        assert.equal(integerOf(first, berTags.integer), integer);
        assert.equal(booleanOf(second, berTags.boolean), boolean);
        assert.equal(textOf(third, berTags.octetString), text);
        assert.deepEqual(contentOf(fourth, berTags.octetString), octets);
      },
    ),
    { numRuns: 200 },
  );
});

test("[BER1] integers take the fewest octets (X.690 §8.3.2)", () => {
  const lengths = [0, 127, 128, -128, -129, 32_767, 32_768, 2_147_483_647].map(
    (value) => encodeBerInteger(berTags.integer, value).length - 2,
  );
  assert.deepEqual(lengths, [1, 1, 2, 1, 2, 2, 3, 4]);
});

test("[BER2] lengths in a longer form than needed are read, as Active Directory clients write them", () => {
  const element = decoded(Uint8Array.of(0x30, 0x84, 0, 0, 0, 3, 0x02, 0x01, 0x05));
  assert.equal(integerOf(element.children[0], berTags.integer), 5);
});

test("[BER3] indefinite lengths, long tags, missing and extra octets are refused by name", () => {
  const refusals = (
    [
      [0x30, 0x80, 0, 0],
      [0x1f, 0x81, 0x01, 0],
      [0x30, 0x05, 0x02, 0x01, 0x00],
      [0x02, 0x01, 0x00, 0x00],
      [0x30, 0x03, 0x02, 0x05, 0x00],
      [],
      [0x04, 0x85, 0, 0, 0, 0, 1, 0],
      [0x04, 0x84, 0xff, 0xff, 0xff, 0xff],
    ] as const
  ).map((bytes) => decodeBer(Uint8Array.from(bytes)));
  assert.deepEqual(
    refusals.map((refusal) => (refusal.ok ? "decoded" : refusal.error)),
    [
      "indefinite length",
      "long tag",
      "truncated",
      "octets after the end",
      "truncated",
      "truncated",
      "length too large",
      "length too large",
    ],
  );
});

test("[BER4] nesting ends at its limit", () => {
  assert.ok(decodeBer(nested(berDepthMax)).ok);
  assert.deepEqual(decodeBer(nested(berDepthMax + 1)), { ok: false, error: "nested too deeply" });
  assert.deepEqual(decodeBer(nested(20_000)), { ok: false, error: "nested too deeply" });
});

test("[BER4] the number of elements ends at its limit", () => {
  const many = (count: number): Bytes => encodeBer(berTags.sequence, new Uint8Array(2 * count));
  assert.ok(decodeBer(many(berElementsMax - 1)).ok);
  assert.deepEqual(decodeBer(many(berElementsMax)), { ok: false, error: "too many elements" });
});

test("[BER4] a length is judged by its header, before any content is there", () => {
  const length = berContentMax + 1;
  const header = Uint8Array.of(0x30, 0x83, length >> 16, (length >> 8) & 255, length & 255);
  assert.deepEqual(decodeBerHeader(header, 0), { ok: false, error: "length too large" });
});

test("[BER5] no bytes make the decoder throw", () => {
  const lookingLikeBer = fc.array(fc.constantFrom(0x30, 0x02, 0x04, 0x80, 0x81, 0x84, 1, 2, 0xff));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), lookingLikeBer), (bytes) => {
      const element = decodeBer(Uint8Array.from(bytes));
      if (!element.ok) return;
      integerOf(element.value, element.value.tag);
      textOf(element.value, element.value.tag);
      booleanOf(element.value, element.value.tag);
    }),
    { numRuns: 2_000 },
  );
});

test("[BER6] content of another tag or of another type is undefined", () => {
  const integer = decoded(encodeBerInteger(berTags.integer, 7));
  assert.equal(integerOf(integer, berTags.enumerated), undefined);
  assert.equal(integerOf(undefined, berTags.integer), undefined);
  assert.equal(integerOf(decoded(encodeBer(berTags.integer)), berTags.integer), undefined);
  const wide = decoded(encodeBer(berTags.integer, new Uint8Array(5)));
  assert.equal(integerOf(wide, berTags.integer), undefined);
  const notText = decoded(encodeBer(berTags.octetString, Uint8Array.of(0x41, 0xff)));
  assert.equal(textOf(notText, berTags.octetString), undefined);
  assert.equal(booleanOf(decoded(encodeBer(berTags.boolean)), berTags.boolean), undefined);
});

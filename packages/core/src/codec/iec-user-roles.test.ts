import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeHex, encodeHex, type Bytes } from "../base/bytes.ts";
import { berTags, encodeBer, encodeBerInteger } from "./ber.ts";
import { decodeUserRoles, encodeUserRoles, type RoleClaim } from "./iec-user-roles.ts";

const freeIpa =
  "302730253004020200ff0c0a4f757473746174696f6e020200ff0c0a49454336323335312d380a0103";
const bay = "3024302230060201010201020c095353312f4241592d410201070c0a49454336323335312d38";
const utf8String = 0x0c;

function fromHex(text: string): Bytes {
  const bytes = decodeHex(text);
  assert.ok(bytes.ok);
  return bytes.value;
}

function aClaim(changes: Partial<RoleClaim> = {}): RoleClaim {
  return {
    userRole: [1],
    aor: "Hill",
    revision: 1,
    roleDefinition: "IEC62351-8",
    operation: null,
    statusChangeSequenceNumber: null,
    ...changes,
  };
}

const text = (length: number): fc.Arbitrary<string> =>
  fc
    .string({ minLength: 1, maxLength: length, unit: "grapheme" })
    .filter((one) => one.length <= length && one.isWellFormed());

const claim: fc.Arbitrary<RoleClaim> = fc.record(
  {
    userRole: fc.array(fc.integer({ min: -32_768, max: 32_767 }), { minLength: 1, maxLength: 8 }),
    aor: text(64),
    revision: fc.integer({ min: 0, max: 255 }),
    roleDefinition: text(23),
    operation: fc.constantFrom("add", "delete", "change", null),
    statusChangeSequenceNumber: fc.option(fc.integer({ min: 0, max: 0xffff_ffff })),
  },
  { noNullPrototype: true },
);

test("[IU1][AM2] the published samples decode, and encode to the same octets", () => {
  const samples: readonly (readonly [string, RoleClaim])[] = [
    [freeIpa, aClaim({ userRole: [255], aor: "Outstation", revision: 255, operation: "change" })],
    [bay, aClaim({ userRole: [1, 2], aor: "SS1/BAY-A", revision: 7 })],
  ];
  for (const [hex, expected] of samples) {
    assert.deepEqual(decodeUserRoles(fromHex(hex)), { ok: true, value: [expected] });
    const encoded = encodeUserRoles([expected]);
    assert.equal(encoded.ok && encodeHex(encoded.value), hex);
  }
});

test("[IU1] what was encoded decodes to the same", () => {
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 6 }), (claims) => {
      const encoded = encodeUserRoles(claims);
      assert.ok(encoded.ok);
      assert.deepEqual(decodeUserRoles(encoded.value), { ok: true, value: claims });
    }),
  );
});

test("[IU2] members at the end may be missing, and unknown ones are passed over", () => {
  const { sequence, integer, enumerated, octetString } = berTags;
  const begin = [
    encodeBer(sequence, encodeBerInteger(integer, 1)),
    encodeBer(utf8String, new TextEncoder().encode("Hill")),
    encodeBerInteger(integer, 1),
    encodeBer(utf8String, new TextEncoder().encode("IEC62351-8")),
  ];
  const number = encodeBerInteger(integer, 9);
  const later = encodeBer(octetString, Uint8Array.of(1, 2, 3));
  const tails: readonly (readonly [readonly Bytes[], Partial<RoleClaim>])[] = [
    [[], {}],
    [[number], { statusChangeSequenceNumber: 9 }],
    [[encodeBerInteger(enumerated, 2)], { operation: "delete" }],
    [
      [encodeBerInteger(enumerated, 1), number, later],
      { operation: "add", statusChangeSequenceNumber: 9 },
    ],
    [[later], {}],
  ];
  for (const [tail, expected] of tails) {
    const bytes = encodeBer(sequence, encodeBer(sequence, ...begin, ...tail));
    assert.deepEqual(decodeUserRoles(bytes), { ok: true, value: [aClaim(expected)] });
  }
});

test("[IU2] another value under the same identifier is refused, not guessed", () => {
  const { sequence, integer } = berTags;
  const spinnaker = encodeBer(utf8String, new TextEncoder().encode("OPERATOR"));
  for (const bytes of [
    spinnaker,
    encodeBer(sequence, spinnaker),
    encodeBer(sequence, encodeBer(sequence)),
    encodeBer(sequence, encodeBer(sequence, encodeBerInteger(integer, 1))),
    new Uint8Array(0),
  ]) {
    assert.deepEqual(decodeUserRoles(bytes), { ok: false, error: "not IECUserRoles" });
  }
  const unknownOperation = fromHex(freeIpa).slice();
  unknownOperation[unknownOperation.length - 1] = 4;
  assert.deepEqual(decodeUserRoles(unknownOperation), { ok: false, error: "not IECUserRoles" });
  const wide = fromHex(bay.replace("020101020102", "020101040102")).slice();
  assert.deepEqual(decodeUserRoles(wide), { ok: false, error: "not IECUserRoles" });
});

test("[IU3] what is written keeps to the ranges of the standard", () => {
  const bad: readonly (readonly [Partial<RoleClaim>, string])[] = [
    [{ userRole: [] }, "role out of range"],
    [{ userRole: [32_768] }, "role out of range"],
    [{ userRole: [1.5] }, "role out of range"],
    [{ userRole: Array.from({ length: 65 }, () => 1) }, "role out of range"],
    [{ aor: "" }, "text out of range"],
    [{ aor: "a".repeat(65) }, "text out of range"],
    [{ aor: "\u{D800}" }, "text out of range"],
    [{ roleDefinition: "a".repeat(24) }, "text out of range"],
    [{ revision: 256 }, "revision out of range"],
    [{ statusChangeSequenceNumber: 2 ** 32 }, "sequence number out of range"],
  ];
  for (const [changes, error] of bad) {
    assert.deepEqual(encodeUserRoles([aClaim(changes)]), { ok: false, error });
  }
  const many = Array.from({ length: 65 }, () => aClaim());
  assert.deepEqual(encodeUserRoles(many), { ok: false, error: "too long" });
});

test("[IU4] no bytes make the decoder throw, and what it gives is bounded", () => {
  const whole = fromHex(freeIpa);
  const nearly = fc
    .tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }))
    .map(([place, octet]) => {
      const bytes = whole.slice();
      bytes[place] = octet;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), nearly), (bytes) => {
      const decoded = decodeUserRoles(bytes);
      if (!decoded.ok) return;
      assert.ok(decoded.value.length <= 64);
      for (const { userRole, aor } of decoded.value) {
        assert.ok(userRole.length <= 64 && aor.length <= 256);
        assert.ok(userRole.every((role) => role >= -32_768 && role <= 32_767));
      }
    }),
    { numRuns: 2_000 },
  );
  const { sequence, integer } = berTags;
  const long = encodeBer(sequence, ...Array.from({ length: 65 }, () => fromHex(bay).subarray(2)));
  assert.deepEqual(decodeUserRoles(long), { ok: false, error: "too long" });
  assert.deepEqual(decodeUserRoles(new Uint8Array(8_193)), { ok: false, error: "too long" });
  const wide = encodeBer(
    sequence,
    encodeBer(
      sequence,
      encodeBer(sequence, encodeBerInteger(integer, 40_000)),
      encodeBer(utf8String, Uint8Array.of(65)),
      encodeBerInteger(integer, 1),
      encodeBer(utf8String, Uint8Array.of(65)),
    ),
  );
  assert.deepEqual(decodeUserRoles(wide), { ok: false, error: "role out of range" });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeUtf8, utf8 } from "@gridward/core/base/bytes";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";
import { aLostHistory } from "./a-tail.ts";
import { encodeTail, readTail, type Tail } from "./tail-file.ts";

const { entries, pairingKey, tail: left } = aLostHistory(9);

const tail: Tail = {
  header: {
    format: "gridward-set-aside/1",
    system: "system",
    node: "A",
    name: "A",
    pairingKey: pairingKeyText(pairingKey),
    at: 1_000,
    fork: left.after,
    forkedAt: 900,
    after: left.after,
    ours: [left.upTo],
    theirs: left.theirs,
  },
  lines: entries.slice(2).map((entry) => ({ mark: "unknown", entry })),
};
const bytes = encodeTail(tail, pairingKey);

function textOf(): string {
  const text = decodeUtf8(bytes);
  assert.ok(text.ok);
  return text.value;
}

function faultOf(text: string): string {
  const read = readTail(utf8(text));
  return read.ok ? "" : read.error;
}

test("[SF1][HS9] what was set aside is read as it was written", () => {
  assert.deepEqual(readTail(bytes), { ok: true, value: tail });
});

test("[SF2][HS9] no byte can be changed without the reader saying so", () => {
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ change;
      assert.equal(readTail(changed).ok, false);
    }),
  );
});

test("[SF2] lines left out, swapped or added, another mark and another signer are told", () => {
  const lines = textOf().split("\n");
  const without = lines.filter((_, index) => index !== 3).join("\n");
  assert.match(faultOf(without), /line 4/);
  const [header = "", first = "", second = "", ...rest] = lines;
  const miscounted = textOf().replace(/"entries":\d+(?=,"signature")/, '"entries":0');
  assert.equal(faultOf(miscounted), "lines are missing");
  assert.match(faultOf([header, second, first, ...rest].join("\n")), /line 2: it was changed/);
  assert.match(faultOf([header, first, first, second, ...rest].join("\n")), /line 3/);
  const marked = textOf().replace('"mark":"unknown"', '"mark":"acknowledged"');
  assert.match(faultOf(marked), /line 2: it was changed/);
  assert.match(faultOf(lines.slice(0, 5).join("\n")), /cut short/);
  const other = encodeTail(tail, aLostHistory(3).pairingKey);
  const read = readTail(other);
  assert.equal(read.ok ? "" : read.error, "the signature is wrong");
});

test("[SF2] the same values in other letters are another file", () => {
  const [header = "", first = ""] = textOf().split("\n");
  const last = textOf().at(-4) ?? "";
  const bits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  // The last letter of 64 bytes in Base64 has four bits that no decoder looks at.
  const alike = bits.charAt(bits.indexOf(last) + 1);
  assert.match(faultOf(textOf().replace(`${last}"}\n`, `${alike}"}\n`)), /no end/);
  assert.match(faultOf(textOf().replace('{"entries"', '{ "entries"')), /the end was changed/);
  assert.match(faultOf(textOf().replace(header, ` ${header}`)), /the header was changed/);
  assert.match(faultOf(textOf().replace(first, `${first} `)), /line 2: it was changed/);
});

test("[SF2] a chain made anew over entries that are not ours is still no journal", () => {
  const [entry] = entries.slice(4);
  assert.ok(entry);
  const gap = encodeTail({ ...tail, lines: [{ mark: "unknown", entry }] }, pairingKey);
  const read = readTail(gap);
  assert.match(read.ok ? "" : read.error, /entry 5 is not in its place/);
});

test("[SF2] no bytes make the reader throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (any) => {
      assert.equal(readTail(any).ok, false);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.json(), { maxLength: 6 }), (lines) => {
      assert.equal(readTail(utf8(`${lines.join("\n")}\n`)).ok, false);
    }),
  );
});

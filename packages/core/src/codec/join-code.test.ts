import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Bytes } from "../base/bytes.ts";
import { decodeJoinCode, encodeJoinCode, type JoinCode } from "./join-code.ts";
import {
  decodeApplication,
  decodeAsk,
  decodeGreeting,
  decodeJoinAnswer,
  encodeJoin,
} from "./join-message.ts";

function sha256(content: Bytes | string): Bytes {
  return hash("sha256", content, "buffer");
}

const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });
const joinCode: fc.Arbitrary<JoinCode> = fc.record({
  address: fc.stringMatching(/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,60}$/),
  port: fc.integer({ min: 0, max: 65_535 }),
  pairingHash: sixteen,
  authorityHash: sixteen,
  secret: sixteen,
});

function plain(code: JoinCode): unknown {
  const { pairingHash, authorityHash, secret } = code;
  return { ...code, parts: [pairingHash, authorityHash, secret].map((part) => Array.from(part)) };
}

test("[JC1] a code is read as written, also as people type it", () => {
  fc.assert(
    fc.property(joinCode, fc.nat(3), (code, way) => {
      const text = encodeJoinCode(code, sha256);
      const typed = [
        text,
        text.toLowerCase().replaceAll("-", " "),
        ` ${text.replaceAll("-", "")}\n`,
        text.replaceAll("0", "o").replaceAll("1", "l"),
      ][way];
      const read = decodeJoinCode(typed ?? "", sha256);
      assert.ok(read.ok);
      assert.equal(JSON.stringify(plain(read.value)), JSON.stringify(plain(code)));
    }),
  );
});

test("[JC2] one wrong character, and two swapped, are a typing error and not a wrong code", () => {
  fc.assert(
    fc.property(joinCode, fc.nat(), fc.nat(31), (code, where, digit) => {
      const text = encodeJoinCode(code, sha256).replaceAll("-", "");
      const place = where % (text.length - 1);
      const wrong = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".charAt(digit);
      const replaced = text.slice(0, place) + wrong + text.slice(place + 1);
      const swapped =
        text.slice(0, place) + text.charAt(place + 1) + text.charAt(place) + text.slice(place + 2);
      for (const changed of [replaced, swapped]) {
        if (changed !== text) assert.equal(decodeJoinCode(changed, sha256).ok, false);
      }
      // The last character also holds padding; everywhere else the checksum finds it.
      if (replaced !== text && place < text.length - 2) {
        assert.deepEqual(decodeJoinCode(replaced, sha256), { ok: false, error: "mistyped" });
      }
    }),
  );
});

test("[JC3] no text makes the reader throw, and none but a code is one", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: "binary" })), (text) => {
      assert.equal(decodeJoinCode(text, sha256).ok, false);
    }),
  );
  assert.deepEqual(decodeJoinCode("A".repeat(1_000_000), sha256), {
    ok: false,
    error: "not a join code",
  });
});

test("[JC4] no bytes make a reader of the join conversation throw", () => {
  const any = fc.oneof(
    fc.uint8Array(),
    fc.anything().map((value) => new TextEncoder().encode(JSON.stringify(value) ?? "")),
  );
  fc.assert(
    fc.property(any, (bytes) => {
      for (const decode of [decodeGreeting, decodeAsk, decodeApplication, decodeJoinAnswer]) {
        assert.equal(decode(bytes).ok, false);
      }
    }),
  );
});

test("[JC4] the first frame of each side fits into 512 bytes", () => {
  const id = "Z".repeat(26);
  const name = "n".repeat(64);
  const greeting = {
    v: 1,
    id,
    pairingKey: "A".repeat(43),
    nonce: "A".repeat(22),
    signature: "A".repeat(86),
  } as const;
  assert.ok(decodeGreeting(encodeJoin(greeting)).ok);
  assert.ok(encodeJoin(greeting).length <= 512);
  const ask = { v: 1, name, mac: "A".repeat(43) } as const;
  assert.ok(decodeAsk(encodeJoin(ask)).ok);
  assert.ok(encodeJoin(ask).length <= 512);
});

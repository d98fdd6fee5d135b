import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Bytes } from "../base/bytes.ts";
import { decodeJoinCode, encodeJoinCode } from "./join-code.ts";
import { decodeWitnessCode, encodeWitnessCode } from "./witness-code.ts";

function sha256(content: Bytes | string): Bytes {
  return hash("sha256", content, "buffer");
}

const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });
const code = fc.record({
  address: fc.stringMatching(/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,60}$/),
  port: fc.integer({ min: 0, max: 65_535 }),
  pairingHash: sixteen,
  secret: sixteen,
});

test("[WC1] the code of a witness is read as written, and is no join code", () => {
  fc.assert(
    fc.property(code, sixteen, (written, authorityHash) => {
      const text = encodeWitnessCode(written, sha256);
      const read = decodeWitnessCode(text.toLowerCase().replaceAll("-", " "), sha256);
      assert.ok(read.ok);
      const { address, port, pairingHash, secret } = read.value;
      assert.deepEqual([address, port], [written.address, written.port]);
      assert.deepEqual(Buffer.from(pairingHash), Buffer.from(written.pairingHash));
      assert.deepEqual(Buffer.from(secret), Buffer.from(written.secret));
      assert.equal(decodeJoinCode(text, sha256).ok, false);
      const join = encodeJoinCode({ ...written, authorityHash }, sha256);
      assert.deepEqual(decodeWitnessCode(join, sha256), { ok: false, error: "not a witness code" });
    }),
  );
});

test("[WC2] a typing error is told apart from what is no code, and no text makes the reader throw", () => {
  fc.assert(
    fc.property(code, (written) => {
      const text = encodeWitnessCode(written, sha256);
      const wrong = text.startsWith("0") ? `1${text.slice(1)}` : `0${text.slice(1)}`;
      assert.deepEqual(decodeWitnessCode(wrong, sha256), { ok: false, error: "mistyped" });
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      assert.equal(decodeWitnessCode(text, sha256).ok, false);
    }),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { concat, type Bytes } from "../base/bytes.ts";
import { encodeFrame, frameHeaderBytes, FrameReader } from "./link-frame.ts";
import {
  decodeProof,
  decodeVerdict,
  encodeProof,
  encodeProofSubject,
  encodeVerdict,
  type ProofSubject,
} from "./link-message.ts";

const limit = 4096;
const frames = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 });

/** Cuts bytes at the given places, whatever they are. */
function cut(bytes: Bytes, places: readonly number[]): readonly Bytes[] {
  const sorted = places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b);
  return [0, ...sorted].map((from, index) => bytes.subarray(from, sorted[index] ?? bytes.length));
}

test("[LF1] frames come out in order and as they went in, however the stream was cut", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat()), (sent, places) => {
      const reader = new FrameReader();
      const got: Bytes[] = [];
      for (const chunk of cut(concat(sent.map(encodeFrame)), places)) {
        reader.push(chunk);
        for (;;) {
          const taken = reader.take(limit);
          assert.ok(taken.ok);
          if (taken.value === undefined) break;
          got.push(taken.value.slice());
        }
      }
      assert.deepEqual(got, sent);
      assert.equal(reader.held, 0);
    }),
  );
});

test("[LF2] one call takes one frame, and what is behind it stays unread", () => {
  const reader = new FrameReader();
  reader.push(concat([encodeFrame(new Uint8Array(512)), new Uint8Array([255, 255, 255, 255])]));
  const first = reader.take(512);
  assert.ok(first.ok && first.value?.length === 512);
  assert.equal(reader.held, frameHeaderBytes);
  assert.deepEqual(reader.take(512), { ok: false, error: "frame too long" });
});

test("[LF3] a length over the limit is refused by its header, before its bytes come", () => {
  const reader = new FrameReader();
  reader.push(new Uint8Array([0, 0, 2, 1]));
  assert.deepEqual(reader.take(512), { ok: false, error: "frame too long" });
  const exact = new FrameReader();
  exact.push(new Uint8Array([0, 0, 2, 0]));
  assert.deepEqual(exact.take(512), { ok: true, value: undefined });
});

test("[LF4] no bytes make the reader throw, and it holds no more than it was given", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
      const reader = new FrameReader();
      let given = 0;
      for (const chunk of chunks) {
        reader.push(chunk);
        given += chunk.length;
        while (reader.take(limit).ok && reader.held > frameHeaderBytes) {
          const before = reader.held;
          reader.take(limit);
          if (reader.held === before) break;
        }
        assert.ok(reader.held <= given);
      }
    }),
  );
});

test("[LF4] a large frame in single bytes costs in proportion to its length", () => {
  const reader = new FrameReader();
  const frame = encodeFrame(new Uint8Array(200_000).fill(7));
  for (let index = 0; index < frame.length; index++) {
    reader.push(frame.subarray(index, index + 1));
    if (index < frame.length - 1) {
      const taken = reader.take(limit * 100);
      assert.ok(taken.ok && taken.value === undefined);
    }
  }
  const whole = reader.take(limit * 100);
  assert.ok(whole.ok && whole.value?.length === 200_000);
});

const nonce = "A".repeat(22);
const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

test("[LF5] verdict and proof are read as written, and fit into a first frame", () => {
  for (const frame of [
    { v: 1, verdict: "ok", nonce, id },
    { v: 1, verdict: "refused", cause: "T17", nonce, id },
  ] as const) {
    assert.deepEqual(decodeVerdict(encodeVerdict(frame)), { ok: true, value: frame });
    assert.ok(encodeVerdict(frame).length <= 512);
  }
  for (const frame of [
    { v: 1, proof: "signature", signature: "A".repeat(86) },
    { v: 1, proof: "refused", cause: "T16" },
    { v: 1, proof: "accepted" },
  ] as const) {
    assert.deepEqual(decodeProof(encodeProof(frame)), { ok: true, value: frame });
    assert.ok(encodeProof(frame).length <= 512);
  }
});

test("[LF6] any other value, and any bytes, are no verdict and no proof", () => {
  const encode = (value: unknown): Bytes => new TextEncoder().encode(JSON.stringify(value) ?? "");
  for (const value of [
    { v: 2, verdict: "ok", nonce, id },
    { v: 1, verdict: "ok", cause: "T01", nonce, id },
    { v: 1, verdict: "refused", nonce, id },
    { v: 1, verdict: "refused", cause: "T18", nonce, id },
    { v: 1, verdict: "ok", nonce, id, name: "A" },
    { v: 1, verdict: "ok", nonce: "", id },
  ]) {
    assert.equal(decodeVerdict(encode(value)).ok, false, JSON.stringify(value));
  }
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.anything().map(encode)), (bytes) => {
      assert.equal(decodeVerdict(bytes).ok, false);
      assert.equal(decodeProof(bytes).ok, false);
    }),
  );
});

test("[LF7] what is signed differs as soon as any part differs", () => {
  const part = fc.string({ maxLength: 6 });
  const subject: fc.Arbitrary<ProofSubject> = fc.record({
    protocol: part,
    signer: fc.constantFrom("dialler", "acceptor"),
    diallerId: part,
    acceptorId: part,
    diallerNonce: part,
    acceptorNonce: part,
    diallerFingerprint: part,
    acceptorFingerprint: part,
    exporter: fc.uint8Array({ maxLength: 4 }),
  });
  fc.assert(
    fc.property(subject, subject, (left, right) => {
      const isSame = Buffer.from(encodeProofSubject(left)).equals(encodeProofSubject(right));
      const isEqual = JSON.stringify(left) === JSON.stringify(right);
      assert.equal(isSame, isEqual);
    }),
  );
});

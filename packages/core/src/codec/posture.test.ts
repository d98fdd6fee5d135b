import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as check, json, oneof, property, uint8Array } from "fast-check";
import { utf8 } from "../base/bytes.ts";
import { decodePosture, encodePosture, type Posture, postureBytesMax } from "./posture.ts";

const largest: Posture = {
  v: 1,
  at: Number.MAX_SAFE_INTEGER,
  demands: {
    validate: false,
    checkNames: false,
    requireCertificate: false,
    revocation: "hard",
    pins: Array.from({ length: 8 }, () => "f".repeat(64)),
  },
  tlsMin: "1.2",
  tlsMax: "1.3",
  presents: Array.from({ length: 5 }, () => "A".repeat(11_000)),
  dialsWith: Array.from({ length: 5 }, () => "A".repeat(11_000)),
  anchors: Array.from({ length: 8 }, () => "A".repeat(11_000)),
  lists: Array.from({ length: 8 }, () => ({
    issuer: "f".repeat(64),
    number: "9".repeat(50),
    from: Number.MAX_SAFE_INTEGER,
    to: Number.MAX_SAFE_INTEGER,
    revoked: Array.from({ length: 64 }, () => ({
      serial: "f".repeat(64),
      at: Number.MAX_SAFE_INTEGER,
    })),
  })),
};

test("[LF8] a posture is read back as it was said, and the largest fits in its frame", () => {
  const bytes = encodePosture(largest);
  assert.ok(bytes.length <= postureBytesMax, String(bytes.length));
  assert.deepEqual(decodePosture(bytes), { ok: true, value: largest });
  assert.deepEqual(decodePosture(encodePosture(null)), { ok: true, value: null });
});

test("[LF8] a posture with a member more, less or larger is none", () => {
  const [first = ""] = largest.presents;
  for (const change of [
    { more: 1 },
    { at: undefined },
    { at: -1 },
    { tlsMin: "1.1" },
    { presents: [...largest.presents, first] },
    { presents: [`${first}AAAA`] },
    { presents: ["not base64!"] },
    { demands: { ...largest.demands, validate: "yes" } },
    { demands: { ...largest.demands, pins: ["F".repeat(64)] } },
    { lists: [...largest.lists, ...largest.lists] },
  ]) {
    const told = decodePosture(utf8(JSON.stringify({ ...largest, ...change })));
    assert.equal(told.ok, false, JSON.stringify(Object.keys(change)));
  }
});

test("[LF8] no bytes make the reader of postures throw", () => {
  check(
    property(oneof(uint8Array(), json().map(utf8)), (bytes) => {
      decodePosture(bytes);
    }),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bytes } from "@gridward/core/base/bytes";
import { encodeHex, utf8 } from "@gridward/core/base/bytes";
import { Secret } from "@gridward/core/base/secret";
import type { VerifierEntry } from "@gridward/core/codec/replica/record";
import { deriveDeviceKey, deviceVerifier, openLayer, sealLayer } from "./device-key.ts";

const replicaKey = new Secret<Bytes>(new Uint8Array(32).fill(7));
const key = deriveDeviceKey(replicaKey, "X", 1);
const place = { device: "X", manifestHash: "0".repeat(64) };
const account = { id: "anna", credentialVersion: 1 };
const tag = new Secret<Bytes>(utf8("tag"));
const entry: VerifierEntry = {
  ...account,
  cost: { memory: 19_456, passes: 2, lanes: 1 },
  salt: "s".repeat(22),
  verifier: deviceVerifier(key, tag, account),
};

test("[RK3][DV5] a layer opens for its device, manifest and key alone", () => {
  const sealed = sealLayer(key, place, [entry]);
  assert.deepEqual(openLayer(key, place, sealed), { ok: true, value: [entry] });
  assert.ok(!sealed.includes(entry.verifier));
  const others = [
    openLayer(deriveDeviceKey(replicaKey, "Y", 1), place, sealed),
    openLayer(key, { ...place, device: "Y" }, sealed),
    openLayer(key, { ...place, manifestHash: "1".repeat(64) }, sealed),
    openLayer(key, place, `${sealed.slice(0, -2)}AA`),
    openLayer(key, place, ""),
  ];
  for (const outcome of others) assert.equal(outcome.ok, false);
});

test("[RK4][DV5] keys differ by device and version, verifiers by key, account and credential", () => {
  const keys = [key, deriveDeviceKey(replicaKey, "Y", 1), deriveDeviceKey(replicaKey, "X", 2)];
  assert.equal(new Set(keys.map((one) => encodeHex(one.reveal()))).size, 3);
  const verifiers = [
    ...keys.map((one) => deviceVerifier(one, tag, account)),
    deviceVerifier(key, tag, { ...account, id: "eva" }),
    deviceVerifier(key, tag, { ...account, credentialVersion: 2 }),
    deviceVerifier(key, new Secret<Bytes>(utf8("other")), account),
  ];
  assert.equal(new Set(verifiers).size, verifiers.length);
});

import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { encodeHex, utf8, type Bytes } from "../../base/bytes.ts";
import { canonical } from "../../base/canonical.ts";
import { accountsMax, messageBytesMax, recordsPerPiece } from "./limits.ts";
import { manifestHash, setDigest, signedBytes, type Manifest, type Statement } from "./manifest.ts";
import type { DeviceMessage, ServerMessage } from "./message.ts";
import { verifierInput, type ReplicaRecord, type VerifierEntry } from "./record.ts";
import {
  decodeDeviceMessage,
  decodeLayer,
  decodeReplicaSet,
  decodeServerMessage,
  encodeLayer,
  encodeMessage,
  encodeReplicaSet,
} from "./replica-codec.ts";

const sha256 = (content: Bytes | string): Bytes => hash("sha256", content, "buffer");
const decoders = [decodeDeviceMessage, decodeServerMessage, decodeLayer, decodeReplicaSet];

const count = fc.integer({ min: 0, max: 1_000_000 });
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> => fc.option(value);
const idText = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const hex64 = fc.stringMatching(/^[0-9a-f]{64}$/);
const text43 = fc.stringMatching(/^[A-Za-z0-9_-]{43}$/);
const name = fc
  .string({ minLength: 1, maxLength: 60, unit: "grapheme" })
  .filter((text) => text.length <= 128);

const role = fc.record({
  role: fc.integer({ min: -32_768, max: 65_535 }),
  area: fc.string({ minLength: 1, maxLength: 256 }),
  notBefore: maybe(count),
  notAfter: maybe(count),
});
const record: fc.Arbitrary<ReplicaRecord> = fc.record({
  id: idText,
  name,
  displayName: fc.string({ maxLength: 128 }),
  roles: fc.array(role, { maxLength: 4 }),
  credentialVersion: count,
  mustChange: fc.boolean(),
  expiresAt: maybe(count),
  lockedUntil: maybe(count),
  lockOut: fc.record({ attempts: fc.integer({ min: 1, max: 100 }), window: count, lockFor: count }),
});
const entry: fc.Arbitrary<VerifierEntry> = fc.record({
  id: idText,
  credentialVersion: count,
  cost: fc.record({
    memory: fc.integer({ min: 8, max: 262_144 }),
    passes: fc.integer({ min: 1, max: 16 }),
    lanes: fc.integer({ min: 1, max: 16 }),
  }),
  salt: fc.stringMatching(/^[A-Za-z0-9_-]{22}$/),
  verifier: text43,
});
const manifest: fc.Arbitrary<Manifest> = fc.record({
  systemId: idText,
  group: idText,
  term: count,
  owner: idText,
  rev: count,
  prevManifestHash: maybe(hex64),
  count: fc.integer({ min: 0, max: accountsMax }),
  setDigest: hex64,
  policy: fc.record({ softAge: count, hardAge: count }),
  issuedAt: count,
  validFor: count,
});
const statement: fc.Arbitrary<Statement> = fc.record({
  systemId: idText,
  node: idText,
  device: idText,
  duty: fc.constantFrom("main" as const, "standby" as const, "lone" as const),
  term: count,
  owner: idText,
  start: count,
  seq: count,
  replicationRevision: count,
  fresh: fc.boolean(),
  nonce: text43,
  manifestHash: hex64,
  at: count,
});
const proof = {
  signature: fc.stringMatching(/^[A-Za-z0-9_-]{86}$/),
  signer: fc.stringMatching(/^[A-Za-z0-9_-]{1,100}$/),
};
const lists = fc.array(fc.record({ authority: hex64, number: count }), { maxLength: 4 });
const holds = maybe(fc.record({ term: count, owner: idText, rev: count, setDigest: hex64 }));

const deviceMessage: fc.Arbitrary<DeviceMessage> = fc.oneof(
  fc.record({
    kind: fc.constant("hello" as const),
    nonce: text43,
    holds,
    lists,
    group: idText,
    seen: maybe(fc.record({ term: count, owner: idText })),
    keyVersion: count,
    replicationRevision: count,
  }),
  fc.record({ kind: fc.constant("pull" as const), nonce: text43, holds, lists }),
  fc.record({
    kind: fc.constant("certificates" as const),
    call: count,
    held: fc.array(
      fc.record({
        use: fc.constantFrom("device" as const, "anchor" as const),
        certificate: fc.stringMatching(/^[A-Za-z0-9_-]{1,100}$/),
      }),
      { maxLength: 16 },
    ),
  }),
  fc.record({
    kind: fc.constant("renewed" as const),
    call: count,
    refused: maybe(fc.string({ maxLength: 512 })),
  }),
  fc.record({
    kind: fc.constant("sign-in" as const),
    call: count,
    name,
    password: fc.string({ maxLength: 1_024 }),
    accessPoint: fc.constantFrom("panel", "https"),
  }),
  fc.record({
    kind: fc.constant("report" as const),
    call: count,
    decided: fc.array(
      fc.record({
        number: count,
        at: count,
        event: fc.integer({ min: 0, max: 65_535 }),
        account: fc.string({ maxLength: 128 }),
        accessPoint: fc.string({ maxLength: 32 }),
        source: fc.constantFrom("main" as const, "replica" as const, "device" as const),
        reason: fc.string({ maxLength: 512 }),
      }),
    ),
    failures: fc.array(fc.record({ name, failures: count, until: maybe(count) })),
  }),
);

const serverMessage: fc.Arbitrary<ServerMessage> = fc.oneof(
  fc.record({
    kind: fc.constant("list" as const),
    encoded: fc.stringMatching(/^[A-Za-z0-9+/]{1,50}={0,2}$/),
  }),
  fc.record({
    kind: fc.constantFrom("read-certificates" as const, "renew-certificate" as const),
    call: count,
  }),
  fc.record({
    kind: fc.constant("snapshot" as const),
    statement: fc.record({ body: statement, ...proof }),
    manifest: fc.record({ body: manifest, ...proof }),
    pieces: fc.integer({ min: 0, max: 10 }),
    layer: fc.stringMatching(/^[A-Za-z0-9_.-]{1,50}$/),
  }),
  fc.record({
    kind: fc.constant("piece" as const),
    index: count,
    records: fc.array(record, { maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant("notice" as const), term: count, rev: count }),
  fc.record({
    kind: fc.constant("sign-in-answer" as const),
    call: count,
    duty: fc.constantFrom("main" as const, "standby" as const),
    outcome: fc.constant("refused" as const),
    fresh: fc.boolean(),
    event: count,
  }),
);

test("[RP1] what was encoded decodes to the same", () => {
  fc.assert(
    fc.property(deviceMessage, (message) => {
      same(decodeDeviceMessage(encodeMessage(message)), message);
    }),
  );
  fc.assert(
    fc.property(serverMessage, (message) => {
      same(decodeServerMessage(encodeMessage(message)), message);
    }),
  );
  const set = fc.record({
    manifest: fc.record({ body: manifest, ...proof }),
    records: fc.array(record, { maxLength: 4 }),
    verifiers: fc.array(entry, { maxLength: 4 }),
  });
  fc.assert(
    fc.property(set, (replica) => {
      same(decodeReplicaSet(encodeReplicaSet(replica)), replica);
      same(decodeLayer(encodeLayer(replica.verifiers)), replica.verifiers);
    }),
  );
});

test("[RP2] no bytes make a decoder throw", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.json().map(utf8)), (bytes) => {
      for (const decode of decoders) assert.equal(typeof decode(bytes).ok, "boolean");
    }),
  );
  fc.assert(
    fc.property(serverMessage, fc.nat(), fc.integer({ min: 0, max: 255 }), (message, at, byte) => {
      const bytes = encodeMessage(message);
      bytes[at % bytes.length] = byte;
      assert.equal(typeof decodeServerMessage(bytes).ok, "boolean");
    }),
  );
});

test("[RP2] nesting without end, too many bytes and too many records are refused", () => {
  const records = Array.from({ length: recordsPerPiece + 1 }, () => aRecord());
  const tooMany: ServerMessage = { kind: "piece", index: 0, records };
  assert.equal(decodeServerMessage(encodeMessage(tooMany)).ok, false);
  assert.equal(decodeServerMessage(utf8("[".repeat(1_000_000))).ok, false);
  assert.deepEqual(decodeServerMessage(new Uint8Array(messageBytesMax + 1)), {
    ok: false,
    error: { code: "replica.malformed", detail: "4194305 bytes are too many" },
  });
});

test("[RP2] a piece with every field at its longest fits one frame", () => {
  const wide = "\u554a"; // Three bytes in UTF-8, the most that one UTF-16 unit takes.
  const longest = aRecord({
    id: "x".repeat(64),
    name: wide.repeat(128),
    displayName: wide.repeat(128),
    roles: Array.from({ length: 16 }, () => ({
      role: -32_768,
      area: wide.repeat(520),
      notBefore: Number.MAX_SAFE_INTEGER,
      notAfter: Number.MAX_SAFE_INTEGER,
    })),
  });
  const records = Array.from({ length: recordsPerPiece }, () => longest);
  const bytes = encodeMessage({ kind: "piece", index: 0, records });
  assert.ok(bytes.length <= messageBytesMax, `${bytes.length} bytes`);
  assert.equal(decodeServerMessage(bytes).ok, true);
});

test("[RP3] unknown fields, unknown kinds and wrong values are refused without their content", () => {
  const wrong = [
    { kind: "pull", nonce: "short", holds: null, lists: [] },
    { kind: "pull", nonce: "a".repeat(43), holds: null, lists: [], more: 1 },
    { kind: "push" },
    { kind: "sign-in", call: -1, name: "anna", password: "hunter2", accessPoint: "panel" },
    { kind: "sign-in", call: 1, name: "anna", password: ["hunter2"], accessPoint: "panel" },
  ];
  for (const message of wrong) {
    const decoded = decodeDeviceMessage(utf8(JSON.stringify(message)));
    assert.equal(decoded.ok, false);
    assert.ok(!JSON.stringify(decoded).includes("hunter2"));
  }
});

test("[RP4] the set digest knows every field and no order", () => {
  const set = [aRecord({ id: "b" }), aRecord({ id: "a" }), aRecord({ id: "c" })];
  const digest = setDigest(sha256, set);
  assert.equal(setDigest(sha256, set.toReversed()), digest);
  const changes: readonly Partial<ReplicaRecord>[] = [
    { name: "eva" },
    { displayName: "Eva" },
    { roles: [] },
    { credentialVersion: 2 },
    { mustChange: true },
    { expiresAt: 1 },
    { lockedUntil: 1 },
    { lockOut: { attempts: 4, window: 1, lockFor: 1 } },
  ];
  for (const change of changes) {
    const other = [aRecord({ id: "b" }), aRecord({ id: "a", ...change }), aRecord({ id: "c" })];
    assert.notEqual(setDigest(sha256, other), digest, Object.keys(change).join());
  }
  assert.notEqual(setDigest(sha256, set.slice(1)), digest);
});

test("[RP5] the kind is part of what is signed, and the hash is of the signed bytes", () => {
  fc.assert(
    fc.property(manifest, (body) => {
      const bytes = signedBytes("manifest", body);
      assert.notDeepEqual(bytes, signedBytes("statement", body));
      assert.notDeepEqual(bytes, signedBytes("erase", body));
      assert.equal(manifestHash(sha256, body), encodeHex(sha256(bytes)));
    }),
  );
});

test("[RP6] a verifier's input differs by tag, account and credential version", () => {
  const inputs = [
    verifierInput(utf8("tag"), "a", 1),
    verifierInput(utf8("tag"), "a", 2),
    verifierInput(utf8("tag"), "b", 1),
    verifierInput(utf8("taga"), "", 1),
    verifierInput(utf8("ta"), "ga", 1),
  ];
  assert.equal(new Set(inputs.map(encodeHex)).size, inputs.length);
});

/** Equal as JSON: arbitraries make objects without a prototype. */
function same(decoded: unknown, value: unknown): void {
  assert.equal(canonical(decoded), canonical({ ok: true, value }));
}

function aRecord(changes: Partial<ReplicaRecord> = {}): ReplicaRecord {
  return {
    id: "01",
    name: "anna",
    displayName: "Anna",
    roles: [{ role: 1, area: "*", notBefore: null, notAfter: null }],
    credentialVersion: 1,
    mustChange: false,
    expiresAt: null,
    lockedUntil: null,
    lockOut: { attempts: 3, window: 900_000, lockFor: 600_000 },
    ...changes,
  };
}

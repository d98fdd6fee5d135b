import assert from "node:assert/strict";
import { argon2Sync } from "node:crypto";
import { test } from "node:test";
import { Secret } from "@gridward/core/base/secret";
import { argonCost, createPasswordHasher } from "./argon2.ts";
import { parsePhc } from "./phc.ts";

const password = new Secret("Schaltanlage-Süd 110 kV");

test("[OS4] Node's own Argon2id computes the same tag, bare and in a verifier", async () => {
  const hasher = createPasswordHasher();
  const salt = new Uint8Array(16).fill(7);
  const raw = await hasher.raw(password, salt);
  assert.ok(raw.ok);
  assert.deepEqual(Buffer.from(raw.value.reveal()), reference(salt));
  const verifier = await hasher.hash(password);
  assert.ok(verifier.ok);
  const parsed = parsePhc(verifier.value);
  assert.ok(parsed.ok);
  assert.deepEqual(Buffer.from(parsed.value.tag), reference(parsed.value.salt));
});

test("[OS4] a verifier accepts its password only; the dummy has the same cost and accepts none", async () => {
  const hasher = createPasswordHasher();
  const verifier = await hasher.hash(password);
  assert.ok(verifier.ok);
  assert.deepEqual(await hasher.verify(verifier.value, password), { ok: true, value: true });
  const other = new Secret("other");
  assert.deepEqual(await hasher.verify(verifier.value, other), { ok: true, value: false });
  assert.deepEqual(await hasher.verify(hasher.dummy, password), { ok: true, value: false });
  const dummy = parsePhc(hasher.dummy);
  assert.deepEqual(dummy.ok && dummy.value.cost, argonCost);
});

test("[OS5] with one running and one waiting, the third is overloaded and the others finish", async () => {
  const hasher = createPasswordHasher({ running: 1, waiting: 1 });
  const order: number[] = [];
  const attempts = [1, 2, 3].map(async (number) => {
    const answer = await hasher.hash(password);
    order.push(number);
    return answer.ok || answer.error;
  });
  assert.deepEqual(await Promise.all(attempts), [true, true, "overloaded"]);
  assert.deepEqual(order, [3, 1, 2]);
  assert.ok((await hasher.hash(password)).ok);
});

function reference(salt: Uint8Array): Buffer {
  return argon2Sync("argon2id", {
    message: password.reveal(),
    nonce: salt,
    parallelism: argonCost.lanes,
    tagLength: 32,
    memory: argonCost.memory,
    passes: argonCost.passes,
  });
}

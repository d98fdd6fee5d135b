import assert from "node:assert/strict";
import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { sealed } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import { removePath } from "./files.ts";
import {
  freshSystemKey,
  loadSystemKey,
  saveSystemKey,
  seal,
  sealText,
  unseal,
  unsealText,
} from "./seal.ts";

test("[OS9] what was sealed opens with the same key for the same purpose", () => {
  const key = freshSystemKey();
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const opened = unseal(key, "password", seal(key, "password", bytes));
      assert.ok(opened.ok);
      assert.deepEqual(opened.value.reveal(), bytes);
    }),
  );
  const text = unsealText(key, "code", sealText(key, "code", new Secret("ä")));
  assert.equal(text.ok && text.value.reveal(), "ä");
});

test("[OS9] another purpose, another key, an altered or a foreign text is refused", () => {
  const key = freshSystemKey();
  const whole = seal(key, "password", new Uint8Array([1, 2, 3]));
  const altered = sealed(whole.slice(0, -3) + (whole.endsWith("AAA") ? "BBB" : "AAA"));
  assert.deepEqual(unseal(key, "key", whole), { ok: false, error: "altered" });
  assert.deepEqual(unseal(key, "password", altered), { ok: false, error: "altered" });
  assert.deepEqual(unseal(freshSystemKey(), "password", whole), {
    ok: false,
    error: "sealed with another key",
  });
  fc.assert(fc.property(fc.string(), (text) => !unseal(key, "password", sealed(text)).ok));
});

test("[OS9] a key file is its owner's only, and anything else in its place is refused", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-seal-"));
  t.after(() => removePath(directory));
  const path = join(directory, "system.key");
  assert.deepEqual(loadSystemKey(path), { ok: false, error: "absent" });
  const key = freshSystemKey();
  saveSystemKey(path, key);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const loaded = loadSystemKey(path);
  assert.ok(loaded.ok);
  assert.equal(loaded.value.id, key.id);
  assert.deepEqual(loaded.value.bytes.reveal(), key.bytes.reveal());
  assert.ok(!JSON.stringify(loaded.value).includes(Buffer.from(key.bytes.reveal()).toString()));
  writeFileSync(path, "half a ke");
  assert.deepEqual(loadSystemKey(path), { ok: false, error: "not a key file" });
});

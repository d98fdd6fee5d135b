import assert from "node:assert/strict";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { utf8 } from "@gridward/core/base/bytes";
import { makeDirectory, readFileBounded, removePath, writeFileAtomic } from "./files.ts";

test("[OS7] a file is replaced whole, owner-only, with nothing left beside it", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-files-"));
  t.after(() => removePath(directory));
  const path = join(directory, "record");
  writeFileAtomic(path, utf8("old"));
  // What a crash while writing leaves: it must not disturb the next replacement.
  writeFileSync(`${path}.new`, "half of something lon");
  assert.equal(readFileSync(path, "utf8"), "old");
  writeFileAtomic(path, utf8("new"));
  assert.equal(readFileSync(path, "utf8"), "new");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(directory), ["record"]);
  makeDirectory(join(directory, "inner"));
  assert.equal(statSync(join(directory, "inner")).mode & 0o777, 0o700);
});

test("[OS7] a link that somebody put beside a file is not followed", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-files-"));
  t.after(() => removePath(directory));
  const other = join(directory, "of somebody else");
  writeFileSync(other, "precious");
  const path = join(directory, "record");
  symlinkSync(other, `${path}.new`);
  writeFileAtomic(path, utf8("secret"));
  assert.equal(readFileSync(other, "utf8"), "precious");
  assert.ok(lstatSync(path).isFile());
  assert.equal(readFileSync(path, "utf8"), "secret");
});

test("[OS7] reading stops at the limit and names what is wrong", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-files-"));
  t.after(() => removePath(directory));
  const path = join(directory, "record");
  writeFileAtomic(path, utf8("12345"));
  assert.deepEqual(readFileBounded(path, 5), { ok: true, value: utf8("12345") });
  assert.deepEqual(readFileBounded(path, 4), { ok: false, error: "too large" });
  assert.deepEqual(readFileBounded(`${path}.no`, 4), { ok: false, error: "absent" });
  assert.deepEqual(readFileBounded(directory, 4), { ok: false, error: "unreadable" });
});

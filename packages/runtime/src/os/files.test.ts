import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
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
import {
  makeDirectory,
  newFileFault,
  readFileBounded,
  removePath,
  writeFileAtomic,
} from "./files.ts";

const filesModule = import.meta.resolve("./files.ts");

/** Runs what follows with a bound of no bytes for every file. */
const withoutRoom = `trap "" XFSZ; ulimit -f 0; exec "$0" "$@"`;

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

test("[OS7] what could not be written or put in its place leaves nothing behind", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-files-"));
  t.after(() => removePath(directory));
  makeDirectory(join(directory, "in the way", "of it"));
  assert.throws(() => writeFileAtomic(join(directory, "in the way"), utf8("secret")), /EISDIR/);
  assert.deepEqual(readdirSync(directory), ["in the way"]);
  // No file may grow: to a program it is a disk without room.
  const write = `
    const { isOutOfRoom, writeFileAtomic } = await import(${JSON.stringify(filesModule)});
    try {
      writeFileAtomic(${JSON.stringify(join(directory, "record"))}, Buffer.from("secret"));
    } catch (error) {
      console.log(isOutOfRoom(error));
    }`;
  const words = ["-c", withoutRoom, process.execPath, "--input-type=module", "-e", write];
  assert.equal(spawnSync("sh", words).stdout.toString(), "true\n");
  assert.deepEqual(readdirSync(directory), ["in the way"]);
});

test("[OS21] a place for a new file that is taken, absent or closed is told in words", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-files-"));
  t.after(() => removePath(directory));
  const path = join(directory, "record");
  assert.equal(newFileFault(path), undefined);
  writeFileAtomic(path, utf8("there"));
  assert.equal(newFileFault(path), `${path} is there already`);
  symlinkSync("nowhere", join(directory, "link"));
  assert.match(newFileFault(join(directory, "link")) ?? "", /is there already/);
  assert.match(newFileFault(directory) ?? "", /is there already/);
  const absent = join(directory, "absent");
  assert.equal(newFileFault(join(absent, "record")), `there is no directory ${absent}`);
  assert.match(newFileFault(join(path, "record")) ?? "", /there is no directory/);
});

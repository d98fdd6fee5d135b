import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { directoryOwner, lockDirectory } from "./directory-lock.ts";
import { removePath } from "./files.ts";

test("[OS8] the second taker learns who holds the directory; released, it is free", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-lock-"));
  t.after(() => removePath(directory));
  assert.equal(directoryOwner(directory), undefined);
  const lock = lockDirectory(directory);
  assert.ok(lock.ok);
  assert.deepEqual(directoryOwner(directory), { pid: process.pid });
  assert.deepEqual(lockDirectory(directory), { ok: false, error: { pid: process.pid } });
  assert.deepEqual(readdirSync(directory), ["lock", "pid"], "a full disk has room for it");
  lock.value.release();
  assert.equal(directoryOwner(directory), undefined);
  const again = lockDirectory(directory);
  assert.ok(again.ok);
  again.value.release();
});

test("[OS8] a process killed with SIGKILL holds nothing", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "gridward-lock-"));
  t.after(() => removePath(directory));
  const module = JSON.stringify(new URL("./directory-lock.ts", import.meta.url).href);
  const script = `
    const { lockDirectory } = await import(${module});
    lockDirectory(${JSON.stringify(directory)});
    globalThis.gc();
    console.log("held");
    process.stdin.resume();`;
  const holder = spawn(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  assert.deepEqual(directoryOwner(directory), { pid: holder.pid });
  assert.equal(lockDirectory(directory).ok, false);
  holder.kill("SIGKILL");
  await once(holder, "exit");
  assert.equal(directoryOwner(directory), undefined);
  const lock = lockDirectory(directory);
  assert.ok(lock.ok);
  lock.value.release();
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { errorCode } from "@gridward/runtime/os/files";
import type { Api } from "../../scripts/demo/api.ts";
import { type DemoServer, member, runServer } from "../../scripts/demo/cast.ts";
import { Stage } from "../../scripts/demo/stage.ts";
import {
  accountNames,
  addAccount,
  adminPassword,
  foundSystem,
  initServer,
  joinTo,
  signInStatus,
  waitForState,
  waitUntil,
} from "./servers.ts";

/** Data directories on disks of a few megabytes, filled to the last block. */

const stage = new Stage();
const mounted = ["A", "B"].filter((name) => mountSmallDisk(stage.path(name)));
const skip = mounted.length === 2 ? false : "a small disk can only be mounted as root on Linux";
let a: DemoServer;
let b: DemoServer;
let api: Api;
const acknowledged: string[] = [];

before(async () => {
  if (skip !== false) return;
  [a, b] = [await initServer(stage, "A"), await initServer(stage, "B")];
  await Promise.all([runServer(stage, a), runServer(stage, b)]);
  api = await foundSystem(stage, a);
  await joinTo(api, a, b);
  await isProtected();
});
after(async () => {
  if (skip === false) api.close();
  for (const name of mounted) {
    await stage.end(name, "SIGKILL");
    spawnSync("umount", [stage.path(name)]);
  }
  await stage.clear();
});

function mountSmallDisk(path: string): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  mkdirSync(path);
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=12m", "tmpfs", path]).status === 0;
}

function fillDisk({ directory }: DemoServer): void {
  const file = openSync(join(directory, "ballast"), "w");
  try {
    for (const size of [65_536, 4_096, 1]) writeUntilFull(file, Buffer.alloc(size));
  } finally {
    closeSync(file);
  }
}

function writeUntilFull(file: number, piece: Buffer): void {
  try {
    while (writeSync(file, piece) === piece.length);
  } catch (error) {
    if (errorCode(error) !== "ENOSPC") throw error;
  }
}

function freeDisk({ directory }: DemoServer): void {
  rmSync(join(directory, "ballast"));
}

async function isProtected(): Promise<void> {
  await waitForState(a, "main-protected");
  await waitForState(b, "standby-valid");
}

/** Adds accounts until one is refused, which a full disk does sooner or later; says as what. */
async function addUntilRefused(prefix: string): Promise<unknown> {
  for (let index = 0; index < 2_000; index++) {
    const name = `${prefix}${index}`;
    const answered = await addAccount(api, a, name);
    if (answered?.status !== 200) return member(answered?.body, "error", "code");
    acknowledged.push(name);
  }
  return "nothing was refused";
}

async function assertAllThere(): Promise<void> {
  const names = await accountNames(api, a);
  assert.deepEqual(
    acknowledged.filter((name) => !names.includes(name)),
    [],
  );
}

test(
  "[HS8] a Main with a full disk refuses changes, signs in, and has lost nothing after",
  { skip },
  async () => {
    assert.equal((await addAccount(api, a, "early"))?.status, 200);
    acknowledged.push("early");
    fillDisk(a);
    assert.equal(await addUntilRefused("main"), "disk.full");
    const full = await waitForState(a, "main-read-only");
    assert.equal(member(full, "cause", "code"), "disk.full");
    assert.match(String(full["remedy"]), /Free space/);
    assert.equal(await signInStatus(stage, a, adminPassword), 200);
    assert.equal(await signInStatus(stage, a, "Not-the-password-7"), 401);
    await assertAllThere();
    freeDisk(a);
    await stage.end("A", "SIGTERM");
    await runServer(stage, a);
    await isProtected();
    await assertAllThere();
    assert.equal((await addAccount(api, a, "after"))?.status, 200);
    acknowledged.push("after");
  },
);

test(
  "[HS8] a Standby with a full disk signs off, and the Main goes on and says it is alone",
  { skip },
  async () => {
    fillDisk(b);
    let alone = false;
    for (let index = 0; index < 2_000 && !alone; index++) {
      const name = `standby${index}`;
      const answered = await addAccount(api, a, name);
      assert.equal(answered?.status, 200, JSON.stringify(answered));
      acknowledged.push(name);
      alone =
        (await waitUntil(a, "it works", ({ duty }) => duty === "main"))["state"] === "main-exposed";
    }
    const exposed = await waitForState(a, "main-exposed");
    assert.deepEqual(exposed["ack_set"], ["A"]);
    assert.match(String(member(exposed, "cause", "text")), /disk full/);
    await assertAllThere();
    freeDisk(b);
    await isProtected();
    await assertAllThere();
  },
);

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { digestOf } from "@gridward/core/domain/digest";
import { origin } from "@gridward/core/domain/entry";
import { writeBackup } from "@gridward/runtime/backup/write-backup";
import { sqliteJournalStore } from "@gridward/runtime/journal/sqlite-store";
import { sha256 } from "@gridward/runtime/os/hash";
import { freshRecoveryKey, openRecoveryKey } from "@gridward/runtime/os/recovery-key";
import { initServer, readServerDirectory } from "@gridward/runtime/trust/server-directory";
import { aSystem } from "@gridward/server/a-system";
import { backupOf } from "@gridward/server/backup/backup-content";
import type { RestoreOrder } from "@gridward/server/backup/prepare-restore";
import { restore, type Restored } from "@gridward/server/backup/restore";
import { OwnIdentity } from "@gridward/server/own-identity";

/** A restore onto a disk that has no room for it, again and again with a little more room. */

const now = Date.UTC(2026, 5, 1, 12);
const place = mkdtempSync(join(tmpdir(), "gridward-restore-"));
const disk = join(place, "disk");
const directory = join(disk, "A");
const ballast = join(disk, "ballast");
const endOfTerm1 = { ...origin, term: 1, start: 4, seq: 2 };
const isMounted = mountSmallDisk();
const skip = isMounted ? false : "a small disk can only be mounted as root on Linux";

after(() => {
  if (isMounted) spawnSync("umount", [disk]);
  rmSync(place, { recursive: true });
});

function mountSmallDisk(): boolean {
  mkdirSync(disk);
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]).status === 0;
}

/** Leaves so many bytes of the disk free. */
function leaveFree(bytes: number): void {
  rmSync(ballast, { force: true });
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
}

function generations(): readonly string[] {
  return readdirSync(directory).includes("generations")
    ? readdirSync(join(directory, "generations"))
    : [];
}

test("[HS12][BS8][BS12] what a full disk ends leaves nothing, and says so", { skip }, async () => {
  const ports = { https: 0, link: 0, ldaps: 0 };
  assert.ok(initServer(directory, { name: "A", listen: "127.0.0.1", ports, now }).ok);
  const { file, recovery } = await aBackup();
  const order = { file, directory, recovery, above: 0, user: "anna", now };
  const first = await restoreWithMoreAndMoreRoom(order);
  assert.equal(first.replaced, null);
  const [present = ""] = generations();
  const restored = sqliteJournalStore(directory).open(present);
  assert.ok(restored.ok);
  // Whoever returns with more of that term than this is known to have left the history.
  assert.deepEqual(restored.value.journal.terms()[0], endOfTerm1);
  restored.value.journal.close();
  const second = await restoreWithMoreAndMoreRoom(order);
  assert.ok(second.replaced !== null && present !== "");
  assert.ok(readdirSync(second.replaced).includes(present));
});

async function restoreWithMoreAndMoreRoom(order: RestoreOrder): Promise<Restored> {
  const before = generations();
  const others = replaced();
  for (let room = 0; room < 2 ** 20; room += 16_384) {
    leaveFree(room);
    const restored = await restore(order);
    if (restored.ok) {
      assert.ok(room > 2 * 16_384, "some tries had no room");
      assert.equal(generations().length, 1);
      return restored.value;
    }
    assert.equal(restored.error.code, "disk.full");
    assert.deepEqual([generations(), replaced()], [before, others]);
  }
  return assert.fail("a mebibyte is room enough");
}

function replaced(): readonly string[] {
  return readdirSync(directory).filter((name) => name.startsWith("replaced-"));
}

async function aBackup() {
  const system = aSystem(now);
  const recovery = openRecoveryKey(freshRecoveryKey());
  const found = readServerDirectory(directory);
  assert.ok(recovery.ok && found.ok);
  system.order({ kind: "set-recovery-key", publicKey: recovery.value.publicKey });
  const identity = new OwnIdentity(directory, found.value);
  Object.defineProperty(identity, "systemKey", { value: system.systemKey });
  const state = system.front.state();
  const position = { ...origin, term: 2, start: 1, seq: 3 };
  const digest = digestOf(state, sha256);
  const moment = { state, digest, position, earlier: [endOfTerm1], entry: undefined };
  const order = backupOf(moment, identity, now);
  assert.ok(order.ok);
  const file = join(place, "one.gwbackup");
  assert.ok((await writeBackup(file, order.value)).ok);
  return { file, recovery: recovery.value };
}

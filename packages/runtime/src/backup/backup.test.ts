import assert from "node:assert/strict";
import { createHash, sign } from "node:crypto";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { concat, type Bytes } from "@gridward/core/base/bytes";
import {
  backupFrame,
  BackupCutter,
  backupMagic,
  chunkBytesMost,
  type BackupPiece,
} from "@gridward/core/codec/backup/frame";
import { encodeBackupHeader } from "@gridward/core/codec/backup/header";
import { encodeBackupRecord, type BackupRecord } from "@gridward/core/codec/backup/record";
import { freshRecoveryKey, openRecoveryKey, type RecoveryKey } from "../os/recovery-key.ts";
import { createSigningKey, pairingKeyText } from "../trust/x509/keys.ts";
import { readBackup, readBackupHeader, type ReadBackupFault } from "./read-backup.ts";
import { trailerPurpose, writeBackup } from "./write-backup.ts";

const directory = mkdtempSync(join(tmpdir(), "gridward-backup-"));
after(() => rmSync(directory, { recursive: true, force: true }));

const pairingKey = createSigningKey();
let files = 0;

function aKey(): RecoveryKey {
  const opened = openRecoveryKey(freshRecoveryKey());
  assert.ok(opened.ok);
  return opened.value;
}

const recovery = aKey();

/** Rows of about 10 kB, so that 20 of them need several chunks. */
function* rows(count: number): Generator<BackupRecord> {
  for (let index = 0; index < count; index++) {
    const row = { name: `a${index}`, filling: "x".repeat(10_000) };
    yield { kind: "row", table: "accounts", key: String(index), row };
  }
}

async function aBackup(records: Iterable<BackupRecord>, to = recovery): Promise<string> {
  const path = join(directory, `${files++}.gwbackup`);
  const written = await writeBackup(path, {
    header: {
      format: 2,
      version: "1.0.0",
      systemId: "S",
      site: "Hill",
      server: { id: "A", name: "A", pairingKey: pairingKeyText(pairingKey) },
      position: { term: 1, start: 1, seq: 7, hash: "0".repeat(64) },
      digest: "f".repeat(64),
      at: 1,
      accounts: 20,
      rows: 20,
      recoveryKey: to.publicKey,
    },
    pairingKey,
    records,
  });
  assert.ok(written.ok);
  assert.equal(written.value, statSync(path).size);
  return path;
}

async function read(
  path: string,
  key: RecoveryKey | null,
): Promise<ReadBackupFault | readonly BackupRecord[]> {
  const records: BackupRecord[] = [];
  const onRecords = (more: readonly BackupRecord[]): void => void records.push(...more);
  const done = await readBackup(path, { recovery: key, onRecords });
  return done.ok ? records : done.error;
}

function changed(path: string, bytes: Bytes): string {
  const copy = `${path}.${files++}`;
  writeFileSync(copy, bytes);
  return copy;
}

test("[BW1][HS12] what was written is read as it was", async () => {
  for (const count of [0, 1, 20]) {
    const path = await aBackup(rows(count));
    assert.deepEqual(await read(path, recovery), [...rows(count)]);
    assert.deepEqual(await read(path, null), [], "the form and the signature need no key");
    const header = await readBackupHeader(path);
    assert.equal(header.ok && header.value.position.seq, 7);
  }
});

test("[BW2][HS12] a backup that was cut short or changed is refused, with the key and without", async () => {
  const path = await aBackup(rows(20));
  const whole = readFileSync(path);
  for (let step = 0; step < 40; step++) {
    const length = Math.floor((whole.length * step) / 40);
    const short = changed(path, whole.subarray(0, length));
    for (const key of [recovery, null]) assert.equal(await read(short, key), "cut short");
    const flipped = new Uint8Array(whole);
    flipped[length] = (flipped[length] ?? 0) ^ (1 << (step % 8));
    const other = changed(path, flipped);
    for (const key of [recovery, null]) {
      const fault = await read(other, key);
      assert.equal(typeof fault, "string", `byte ${length}`);
    }
  }
  assert.equal(await read(changed(path, concat([whole, whole])), recovery), "damaged");
});

test("[BW3][HS12] chunks out of their place are refused, also under a good signature", async () => {
  const path = await aBackup(wholeChunks(4));
  const pieces = piecesOf(path);
  const foreign = piecesOf(await aBackup(wholeChunks(4)));
  const [header, first, second, third, ...others] = pieces;
  const [, foreignFirst] = foreign;
  assert.ok(header && first && second && third && foreignFirst && others.length === 1);
  const asLast = backupFrame("last", third.subarray(5));
  const wrong: readonly (readonly Bytes[])[] = [
    [header, second, first, third, ...others],
    [header, second, third, ...others],
    [header, first, first, second, third, ...others],
    [header, foreignFirst, second, third, ...others],
    [header, first, second, asLast],
    [await laterHeader(path), first, second, third, ...others],
  ];
  assert.equal(typeof (await read(signed(path, pieces), recovery)), "object");
  for (const [index, frames] of wrong.entries()) {
    assert.equal(await read(signed(path, frames), recovery), "damaged", `case ${index}`);
  }
});

/** The header of a file as if it had been written a day later. */
async function laterHeader(path: string): Promise<Bytes> {
  const header = await readBackupHeader(path);
  assert.ok(header.ok);
  const later = { ...header.value, at: header.value.at + 86_400_000 };
  return concat([backupMagic, backupFrame("header", encodeBackupHeader(later))]);
}

/** One record in each chunk, so that only their seals tell where they belong. */
function* wholeChunks(count: number): Generator<BackupRecord> {
  for (let index = 0; index < count; index++) {
    const record = (filling: string): BackupRecord => ({
      kind: "row",
      table: "accounts",
      key: String(index),
      row: { filling },
    });
    const room = chunkBytesMost - encodeBackupRecord(record("")).length;
    yield record("x".repeat(room));
  }
}

/** All frames but the trailer, as they stand in the file. */
function piecesOf(path: string): readonly Bytes[] {
  const cut = new BackupCutter().push(readFileSync(path));
  assert.ok(cut.ok);
  return cut.value.flatMap((piece: BackupPiece) => (piece.kind === "trailer" ? [] : [piece.raw]));
}

/** As whoever holds the pairing key, but not the recovery key, could make it. */
function signed(path: string, frames: readonly Bytes[]): string {
  const body = concat(frames);
  const digest = createHash("sha256").update(trailerPurpose).update(body).digest();
  return changed(path, concat([body, backupFrame("trailer", sign(null, digest, pairingKey))]));
}

test("[BW4][HS12] another recovery key opens nothing and is told apart from damage", async () => {
  const path = await aBackup(rows(1));
  assert.equal(await read(path, aKey()), "wrong key");
});

test("[BW5][HS12] a backup replaces nothing, is its owner's, and leaves nothing unfinished", async () => {
  const path = await aBackup(rows(1));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const before = readFileSync(path);
  await assert.rejects(aBackupAt(path, rows(1)), /exists/);
  assert.deepEqual(readFileSync(path), before);
  const victim = join(directory, "victim");
  writeFileSync(victim, "precious");
  const linked = join(directory, "linked.gwbackup");
  symlinkSync(victim, `${linked}.partial`);
  await aBackupAt(linked, rows(1));
  assert.equal(readFileSync(victim, "utf8"), "precious");
  assert.ok(lstatSync(linked).isFile());
  rmSync(`${linked}.partial`);
  const broken = join(directory, "broken.gwbackup");
  await assert.rejects(aBackupAt(broken, failing()), /the disk below failed/);
  await assert.rejects(aBackupAt(join(directory, "none", "x"), rows(1)), /cannot be used/);
  assert.deepEqual(
    readdirSync(directory).filter((name) => /broken|partial/.test(name)),
    [],
  );
});

async function aBackupAt(path: string, records: Iterable<BackupRecord>): Promise<void> {
  const header = await readBackupHeader(await aBackup(rows(1)));
  assert.ok(header.ok);
  const { fileKey: _, ...rest } = header.value;
  const written = await writeBackup(path, { header: rest, pairingKey, records });
  if (!written.ok) throw new Error(written.error);
}

function* failing(): Generator<BackupRecord> {
  yield* rows(10);
  throw new Error("the disk below failed");
}

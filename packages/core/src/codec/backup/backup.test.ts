import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { concat, utf8, type Bytes } from "../../base/bytes.ts";
import { ok, type Result } from "../../base/result.ts";
import { Secret } from "../../base/secret.ts";
import {
  BackupCutter,
  backupFrame,
  backupMagic,
  chunkBytesMost,
  type BackupFault,
  type BackupPiece,
} from "./frame.ts";
import { decodeBackupHeader, encodeBackupHeader, type BackupHeader } from "./header.ts";
import { BackupRecords, encodeBackupRecord, type BackupRecord } from "./record.ts";
import { readRecoveryKey, spellRecoveryKey } from "./recovery-key.ts";

const sha256 = (content: Bytes | string): Bytes => createHash("sha256").update(content).digest();

const key = "A".repeat(43);
const header: BackupHeader = {
  format: 2,
  version: "1.0.0",
  systemId: "S",
  site: "Hill",
  server: { id: "A", name: "A", pairingKey: key },
  position: { term: 1, start: 1, seq: 7, hash: "0".repeat(64) },
  digest: "f".repeat(64),
  at: 1,
  accounts: 1,
  rows: 2,
  recoveryKey: key,
  fileKey: key,
};

const headerFrame = backupFrame("header", encodeBackupHeader(header));
const chunk = backupFrame("chunk", new Uint8Array(20).fill(1));
const last = backupFrame("last", new Uint8Array(30).fill(2));
const trailer = backupFrame("trailer", new Uint8Array(64).fill(3));
const whole = concat([backupMagic, headerFrame, chunk, chunk, last, trailer]);

function cut(portions: readonly Bytes[]): Result<readonly BackupPiece[], BackupFault> {
  const cutter = new BackupCutter();
  const pieces: BackupPiece[] = [];
  for (const portion of portions) {
    const pushed = cutter.push(portion);
    if (!pushed.ok) return pushed;
    pieces.push(...pushed.value);
  }
  const finished = cutter.finish();
  return finished.ok ? ok(pieces) : finished;
}

/** Bytes cut at the given places. */
function portionsOf(bytes: Bytes, cuts: readonly number[]): readonly Bytes[] {
  const places = [0, ...cuts.map((each) => each % bytes.length), bytes.length];
  places.sort((left, right) => left - right);
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

test("[BF1] a file comes out in the pieces it was made of, however it is portioned", () => {
  const expected = cut([whole]);
  assert.ok(expected.ok);
  const shown = expected.value.map((piece) => [
    piece.kind,
    piece.kind === "chunk" ? [piece.index, piece.isLast, piece.sealed.length] : null,
  ]);
  assert.deepEqual(shown, [
    ["header", null],
    ["chunk", [0, false, 20]],
    ["chunk", [1, false, 20]],
    ["chunk", [2, true, 30]],
    ["trailer", null],
  ]);
  const covered = expected.value.flatMap((piece) => (piece.kind === "trailer" ? [] : [piece.raw]));
  assert.deepEqual(concat([...covered, trailer]), concat([whole]));
  fc.assert(
    fc.property(fc.array(fc.nat(10_000), { maxLength: 12 }), (cuts) => {
      assert.deepEqual(cut(portionsOf(whole, cuts)), expected);
    }),
  );
});

test("[BF2] a file that ends early, goes on, or has a piece out of order is refused", () => {
  for (let length = 0; length < whole.length; length++) {
    assert.equal(cut([whole.subarray(0, length)]).ok, false, `${length} bytes`);
  }
  const wrong: readonly (readonly Bytes[])[] = [
    [whole, utf8("x")],
    [backupMagic, chunk, headerFrame, last, trailer],
    [backupMagic, headerFrame, trailer],
    [backupMagic, headerFrame, chunk, trailer],
    [backupMagic, headerFrame, last, chunk, trailer],
    [backupMagic, headerFrame, headerFrame, last, trailer],
    [backupMagic, headerFrame, last, trailer, trailer],
    [backupMagic, headerFrame, last, backupFrame("trailer", new Uint8Array(63))],
    [backupMagic, headerFrame, backupFrame("last", new Uint8Array(15)), trailer],
    [headerFrame, last, trailer],
  ];
  for (const [index, parts] of wrong.entries()) {
    assert.equal(cut([concat(parts)]).ok, false, `case ${index}`);
  }
});

test("[BF3] no bytes make the cutter throw, and a declared length makes it wait for nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (portions) => {
      cut(portions);
      cut([backupMagic, ...portions]);
      cut([backupMagic, headerFrame, ...portions]);
    }),
  );
  fc.assert(
    fc.property(fc.nat(), fc.nat(7), (place, bit) => {
      const flipped = whole.slice();
      const index = place % flipped.length;
      flipped[index] = (flipped[index] ?? 0) ^ (1 << bit);
      cut([flipped]);
    }),
  );
  const cutter = new BackupCutter();
  assert.ok(cutter.push(concat([backupMagic, headerFrame])).ok);
  const huge = new Uint8Array([0x43, 0x7f, 0xff, 0xff, 0xff]);
  assert.deepEqual(cutter.push(huge), { ok: false, error: "damaged" });
  const tooLong = backupFrame("last", new Uint8Array(chunkBytesMost + 17));
  assert.deepEqual(cut([backupMagic, headerFrame, tooLong]), { ok: false, error: "damaged" });
});

test("[BF4] the header is read as it was written; a later format is told apart", () => {
  assert.deepEqual(decodeBackupHeader(encodeBackupHeader(header)), { ok: true, value: header });
  const later = utf8(JSON.stringify({ ...header, format: 3, more: 1 }));
  assert.deepEqual(decodeBackupHeader(later), { ok: false, error: "of another format" });
  const more = utf8(JSON.stringify({ ...header, more: 1 }));
  assert.deepEqual(decodeBackupHeader(more), { ok: false, error: "not a backup" });
  fc.assert(fc.property(fc.uint8Array(), (bytes) => !decodeBackupHeader(bytes).ok));
  fc.assert(
    fc.property(fc.json(), (text) => {
      decodeBackupHeader(utf8(text));
    }),
  );
});

const secrets = fc.uint8Array({ minLength: 16, maxLength: 16 });

test("[BF5] a recovery key is read as it was written, however it was typed", () => {
  fc.assert(
    fc.property(secrets, (bytes) => {
      const spelt = spellRecoveryKey(new Secret<Bytes>(bytes), sha256).reveal();
      assert.match(spelt, /^(?:[0-9A-Z]{4}-){7}[0-9A-Z]{4}$/);
      const ways = [
        spelt,
        spelt.toLowerCase().replaceAll("-", " "),
        spelt.replaceAll("0", "o").replaceAll("1", "l"),
      ];
      for (const way of ways) {
        const read = readRecoveryKey(new Secret(way), sha256);
        assert.ok(read.ok);
        assert.deepEqual([...read.value.reveal()], [...bytes]);
      }
    }),
  );
});

test("[BF6] a typing error is told apart, and no text makes the reader throw", () => {
  const spelt = spellRecoveryKey(new Secret<Bytes>(new Uint8Array(16).fill(9)), sha256).reveal();
  for (const [index, character] of spelt.split("").entries()) {
    if (character === "-") continue;
    const other = character === "7" ? "8" : "7";
    const typed = new Secret(spelt.slice(0, index) + other + spelt.slice(index + 1));
    assert.deepEqual(readRecoveryKey(typed, sha256), { ok: false, error: "mistyped" });
  }
  const short = readRecoveryKey(new Secret(spelt.slice(0, -1)), sha256);
  assert.deepEqual(short, { ok: false, error: "not a recovery key" });
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      assert.equal(readRecoveryKey(new Secret(text), sha256).ok, false);
    }),
  );
});

test("[BF7] records come out as they went in; a line without end is refused", () => {
  const records: readonly BackupRecord[] = [
    { kind: "system-key", key },
    { kind: "entry", entry: { seq: 1 } },
    { kind: "row", table: "accounts", key: "a", row: { name: "Ä\n" } },
  ];
  const text = concat(records.map((record) => encodeBackupRecord(record)));
  fc.assert(
    fc.property(fc.array(fc.nat(10_000), { maxLength: 9 }), (cuts) => {
      const reader = new BackupRecords();
      const read = portionsOf(text, cuts).flatMap((portion) => {
        const pushed = reader.push(portion);
        return pushed.ok ? pushed.value : [];
      });
      assert.deepEqual(read, records);
      assert.ok(reader.finish().ok);
    }),
  );
  const unfinished = new BackupRecords();
  assert.ok(unfinished.push(utf8("{")).ok);
  assert.equal(unfinished.finish().ok, false);
  const endless = new BackupRecords();
  const piece = new Uint8Array(1024 * 1024).fill(0x20);
  const pushed = [1, 2, 3, 4, 5].map(() => endless.push(piece).ok);
  assert.deepEqual(pushed, [true, true, true, true, false]);
});

test("[BF3] no text makes the reader of records throw", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (portions) => {
      const reader = new BackupRecords();
      for (const portion of portions) if (!reader.push(portion).ok) return;
      reader.finish();
    }),
  );
  for (const line of ["null", "{}", '{"kind":"row"}', '{"kind":"else"}', "[", '"']) {
    assert.equal(new BackupRecords().push(utf8(`${line}\n`)).ok, false, line);
  }
});

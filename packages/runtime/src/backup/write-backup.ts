import { createHash, sign, type KeyObject } from "node:crypto";
import { utf8, type Bytes } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import { backupFrame, backupMagic, chunkBytesMost } from "@gridward/core/codec/backup/frame";
import { encodeBackupHeader, type BackupHeader } from "@gridward/core/codec/backup/header";
import { encodeBackupRecord, type BackupRecord } from "@gridward/core/codec/backup/record";
import { freshAgreementKey } from "../os/agreement.ts";
import { PieceFile, type PieceFileFault } from "../os/piece-file.ts";
import { cipherToSeal, sealChunk, type FileCipher } from "./file-cipher.ts";

/** What a signature of a backup covers, beside the hash of all before it. */
export const trailerPurpose = "gridward backup 1: signed by the server that wrote it";

export interface BackupOrder {
  readonly header: Omit<BackupHeader, "fileKey">;
  /** The server's pairing key; its public half stands in the header. */
  readonly pairingKey: KeyObject;
  readonly records: Iterable<BackupRecord>;
}

/**
 * Writes a backup; its bytes. The event loop goes on between two chunks of 64 KiB, and the file has
 * its name only when it is whole.
 */
export async function writeBackup(
  path: string,
  { header, pairingKey, records }: BackupOrder,
): Promise<Result<number, PieceFileFault | "not a key">> {
  const fileKey = freshAgreementKey();
  const headerBytes = encodeBackupHeader({ ...header, fileKey: fileKey.text });
  const key = cipherToSeal(fileKey, header.recoveryKey, headerBytes);
  if (!key.ok) return key;
  const created = await PieceFile.create(path);
  if (!created.ok) return created;
  const file = created.value;
  const hash = createHash("sha256").update(trailerPurpose);
  let bytes = 0;
  const put = async (frame: Bytes): Promise<Result<null, PieceFileFault>> => {
    hash.update(frame);
    bytes += frame.length;
    return file.write(frame);
  };
  try {
    for (const frame of framesOf(key.value, headerBytes, records)) {
      const written = await put(frame);
      if (!written.ok) return written;
    }
  } catch (error) {
    await file.abandon();
    throw error;
  }
  const trailer = backupFrame("trailer", sign(null, hash.digest(), pairingKey));
  const ended = await file.write(trailer);
  if (!ended.ok) return ended;
  const finished = await file.finish();
  return finished.ok ? ok(bytes + trailer.length) : finished;
}

function* framesOf(
  key: FileCipher,
  header: Bytes,
  records: Iterable<BackupRecord>,
): Generator<Bytes> {
  yield backupMagic;
  yield backupFrame("header", header);
  let index = 0;
  let chunk: Bytes | undefined;
  // One chunk is held back: only the end of the records tells which is the last.
  for (const next of chunksOf(records)) {
    if (chunk !== undefined) {
      yield backupFrame("chunk", sealChunk(key, { index: index++, isLast: false }, chunk));
    }
    chunk = next;
  }
  const rest = chunk ?? utf8("");
  yield backupFrame("last", sealChunk(key, { index, isLast: true }, rest));
}

function* chunksOf(records: Iterable<BackupRecord>): Generator<Bytes> {
  const chunk = new Uint8Array(chunkBytesMost);
  let used = 0;
  for (const record of records) {
    let bytes = encodeBackupRecord(record);
    while (bytes.length > 0) {
      const fits = bytes.subarray(0, chunkBytesMost - used);
      chunk.set(fits, used);
      used += fits.length;
      bytes = bytes.subarray(fits.length);
      if (used < chunkBytesMost) continue;
      yield chunk.slice();
      used = 0;
    }
  }
  if (used > 0) yield chunk.slice(0, used);
}

import { createHash, verify } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import {
  BackupCutter,
  type BackupFault,
  type BackupPiece,
} from "@gridward/core/codec/backup/frame";
import { encodeBackupHeader, type BackupHeader } from "@gridward/core/codec/backup/header";
import { BackupRecords, type BackupRecord } from "@gridward/core/codec/backup/record";
import { readPieces } from "../os/piece-file.ts";
import type { RecoveryKey } from "../os/recovery-key.ts";
import { pairingKeyFromText } from "../trust/x509/keys.ts";
import { cipherToOpen, openChunk, type FileCipher } from "./file-cipher.ts";
import { trailerPurpose } from "./write-backup.ts";

export type ReadBackupFault = BackupFault | "absent" | "unreadable" | "wrong key";

export interface BackupReader {
  /** Null: only what needs no key is verified. */
  readonly recovery: RecoveryKey | null;
  /** Called once, before any record. */
  readonly onHeader?: (header: BackupHeader) => void;
  readonly onRecords?: (records: readonly BackupRecord[]) => void;
}

/**
 * Reads a whole backup from beginning to end, once: its form, the signature of the server that
 * wrote it, and with the recovery key every chunk and record. Records come before the end was
 * seen: nothing made of them may count before this has answered.
 */
export async function readBackup(
  path: string,
  reader: BackupReader,
): Promise<Result<BackupHeader, ReadBackupFault>> {
  const reading = new Reading(reader);
  for await (const piece of readPieces(path)) {
    if (!piece.ok) return piece;
    const taken = reading.take(piece.value);
    if (!taken.ok) return taken;
  }
  return reading.finish();
}

/** Only the header: what a list shows. Proves nothing. */
export async function readBackupHeader(
  path: string,
): Promise<Result<BackupHeader, ReadBackupFault>> {
  const cutter = new BackupCutter();
  for await (const piece of readPieces(path)) {
    if (!piece.ok) return piece;
    const pieces = cutter.push(piece.value);
    if (!pieces.ok) return pieces;
    const [first] = pieces.value;
    if (first?.kind === "header") return ok(first.header);
  }
  return err("cut short");
}

class Reading {
  readonly #reader: BackupReader;
  readonly #cutter = new BackupCutter();
  readonly #records = new BackupRecords();
  readonly #hash = createHash("sha256").update(trailerPurpose);
  #header: BackupHeader | undefined;
  #cipher: FileCipher | undefined;

  constructor(reader: BackupReader) {
    this.#reader = reader;
  }

  take(bytes: Bytes): Result<null, ReadBackupFault> {
    const pieces = this.#cutter.push(bytes);
    if (!pieces.ok) return pieces;
    for (const piece of pieces.value) {
      const taken = this.#takePiece(piece);
      if (!taken.ok) return taken;
    }
    return ok(null);
  }

  finish(): Result<BackupHeader, ReadBackupFault> {
    const whole = this.#cutter.finish();
    if (!whole.ok) return whole;
    const records = this.#records.finish();
    if (!records.ok) return records;
    return this.#header === undefined ? err("cut short") : ok(this.#header);
  }

  #takePiece(piece: BackupPiece): Result<null, ReadBackupFault> {
    if (piece.kind === "trailer") return this.#takeTrailer(piece.signature);
    this.#hash.update(piece.raw);
    return piece.kind === "header" ? this.#takeHeader(piece.header) : this.#takeChunk(piece);
  }

  #takeHeader(header: BackupHeader): Result<null, ReadBackupFault> {
    this.#header = header;
    const { recovery } = this.#reader;
    if (recovery !== null) {
      if (recovery.publicKey !== header.recoveryKey) return err("wrong key");
      const cipher = cipherToOpen(recovery, header.fileKey, encodeBackupHeader(header));
      if (!cipher.ok) return err("damaged");
      this.#cipher = cipher.value;
    }
    this.#reader.onHeader?.(header);
    return ok(null);
  }

  #takeChunk(chunk: BackupPiece & { readonly kind: "chunk" }): Result<null, ReadBackupFault> {
    if (this.#cipher === undefined) return ok(null);
    const opened = openChunk(this.#cipher, chunk, chunk.sealed);
    if (!opened.ok) return err("damaged");
    const records = this.#records.push(opened.value);
    if (!records.ok) return records;
    this.#reader.onRecords?.(records.value);
    return ok(null);
  }

  #takeTrailer(signature: Bytes): Result<null, ReadBackupFault> {
    const key = pairingKeyFromText(this.#header?.server.pairingKey ?? "");
    if (key === undefined) return err("damaged");
    return verify(null, this.#hash.digest(), key, signature) ? ok(null) : err("damaged");
  }
}

import { concat, sameBytes, utf8, type Bytes } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { decodeBackupHeader, type BackupHeader } from "./header.ts";

/**
 * A backup file: eight bytes that name it, then frames of kind, length (32 bits) and body: one
 * header, chunks of which the last has a kind of its own, and the trailer with the signature over
 * everything before it. Nothing follows.
 */
export const backupMagic: Bytes = utf8("gwbackup");

const kinds = { header: 0x48, chunk: 0x43, last: 0x4c, trailer: 0x54 } as const;

/** Bytes of text in a chunk, before it is sealed. */
export const chunkBytesMost = 64 * 1024;
export const chunkTagBytes = 16;
const trailerBytes = 64;
const headerBytesMost = 16 * 1024;
const prefixBytes = 5;

export type BackupFault = "not a backup" | "of another format" | "cut short" | "damaged";

export type BackupPiece =
  /** `raw` is what the signature covers: the whole frame, and for the header what names the file. */
  | { readonly kind: "header"; readonly raw: Bytes; readonly header: BackupHeader }
  | {
      readonly kind: "chunk";
      readonly raw: Bytes;
      readonly sealed: Bytes;
      readonly index: number;
      readonly isLast: boolean;
    }
  | { readonly kind: "trailer"; readonly signature: Bytes };

export function backupFrame(kind: keyof typeof kinds, body: Bytes): Bytes {
  const prefix = new Uint8Array(prefixBytes);
  prefix[0] = kinds[kind];
  new DataView(prefix.buffer).setUint32(1, body.length);
  return concat([prefix, body]);
}

/**
 * Cuts a file into its pieces as its bytes come. Holds less than one frame, whatever length is
 * declared; a fault is final.
 */
export class BackupCutter {
  #rest: Bytes = new Uint8Array(0);
  #expects: "magic" | "header" | "chunk" | "trailer" | "end" = "magic";
  #chunks = 0;

  push(bytes: Bytes): Result<readonly BackupPiece[], BackupFault> {
    let rest = this.#rest.length === 0 ? bytes : concat([this.#rest, bytes]);
    const pieces: BackupPiece[] = [];
    while (rest.length > 0) {
      const taken = this.#take(rest);
      if (!taken.ok) return taken;
      if (taken.value === null) break;
      const { length, piece } = taken.value;
      if (piece !== null) pieces.push(piece);
      rest = rest.subarray(length); // Ends: what is taken is never empty.
    }
    this.#rest = rest.slice();
    return ok(pieces);
  }

  /** Called when there are no more bytes. */
  finish(): Result<null, BackupFault> {
    return this.#expects === "end" && this.#rest.length === 0 ? ok(null) : err("cut short");
  }

  /** One frame from the beginning of `bytes`; null while it is not whole. */
  #take(
    bytes: Bytes,
  ): Result<{ readonly length: number; readonly piece: BackupPiece | null } | null, BackupFault> {
    if (this.#expects === "magic") return this.#takeMagic(bytes);
    if (this.#expects === "end") return err("damaged");
    const [kind = 0] = bytes;
    const most = this.#mostOf(kind);
    if (most === undefined) return err("damaged");
    if (bytes.length < prefixBytes) return ok(null);
    const view = new DataView(bytes.buffer, bytes.byteOffset, prefixBytes);
    const length = prefixBytes + view.getUint32(1);
    if (length > prefixBytes + most) return err("damaged");
    if (bytes.length < length) return ok(null);
    const piece = this.#read(kind, bytes.slice(0, length));
    return piece.ok ? ok({ length, piece: piece.value }) : piece;
  }

  #takeMagic(
    bytes: Bytes,
  ): Result<{ readonly length: number; readonly piece: null } | null, BackupFault> {
    const { length } = backupMagic;
    const begun = bytes.subarray(0, length);
    if (!sameBytes(begun, backupMagic.subarray(0, begun.length))) return err("not a backup");
    if (begun.length < length) return ok(null);
    this.#expects = "header";
    return ok({ length, piece: null });
  }

  /** Longest body of a frame of this kind, if one may stand here. */
  #mostOf(kind: number): number | undefined {
    switch (this.#expects) {
      case "header":
        return kind === kinds.header ? headerBytesMost : undefined;
      case "chunk":
        return kind === kinds.chunk || kind === kinds.last
          ? chunkBytesMost + chunkTagBytes
          : undefined;
      case "trailer":
        return kind === kinds.trailer ? trailerBytes : undefined;
      case "magic":
      case "end":
        return undefined;
    }
  }

  #read(kind: number, frame: Bytes): Result<BackupPiece, BackupFault> {
    const body = frame.subarray(prefixBytes);
    if (kind === kinds.header) {
      const header = decodeBackupHeader(body);
      if (!header.ok) return header;
      this.#expects = "chunk";
      return ok({ kind: "header", raw: concat([backupMagic, frame]), header: header.value });
    }
    if (kind === kinds.trailer) {
      if (body.length !== trailerBytes) return err("damaged");
      this.#expects = "end";
      return ok({ kind: "trailer", signature: body });
    }
    if (body.length < chunkTagBytes) return err("damaged");
    const isLast = kind === kinds.last;
    if (isLast) this.#expects = "trailer";
    const index = this.#chunks++;
    return ok({ kind: "chunk", raw: frame, sealed: body, index, isLast });
  }
}

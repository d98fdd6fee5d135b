import { constants, existsSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { errorCode, isOutOfRoom, syncDirectory } from "./files.ts";
import { freshId } from "./random.ts";

export type PieceFileFault = "exists" | "no room" | "cannot be used";

const pieceBytes = 64 * 1024;

/** Of a file that is being written, or whose writing a crash ended. */
const partialEnding = ".partial";

/**
 * A large file written piece by piece without holding anybody up. It has its name only once it is
 * whole and on the disk; what ends before leaves nothing.
 */
export class PieceFile {
  readonly #path: string;
  readonly #partial: string;
  readonly #file: FileHandle;

  private constructor(path: string, partial: string, file: FileHandle) {
    this.#path = path;
    this.#partial = partial;
    this.#file = file;
  }

  /** Never replaces a file. */
  static async create(path: string): Promise<Result<PieceFile, PieceFileFault>> {
    if (existsSync(path)) return err("exists");
    // A name that nobody foresees, and only where nothing is: no link leads the bytes elsewhere.
    const partial = `${path}.${freshId()}${partialEnding}`;
    try {
      return ok(new PieceFile(path, partial, await open(partial, "wx", 0o600)));
    } catch (error) {
      return err(faultOf(error));
    }
  }

  async write(bytes: Bytes): Promise<Result<null, PieceFileFault>> {
    return this.#try(async () => {
      let written = 0;
      while (written < bytes.length) {
        const { bytesWritten } = await this.#file.write(bytes, written);
        written += bytesWritten; // Ends: a disk that takes nothing throws.
      }
    });
  }

  /** Durable under its name when it returns. */
  async finish(): Promise<Result<null, PieceFileFault>> {
    return this.#try(async () => {
      await this.#file.sync();
      await this.#file.close();
      await rename(this.#partial, this.#path);
      syncDirectory(dirname(this.#path));
    });
  }

  async abandon(): Promise<void> {
    await this.#file.close();
    await rm(this.#partial, { force: true });
  }

  async #try(work: () => Promise<void>): Promise<Result<null, PieceFileFault>> {
    try {
      await work();
      return ok(null);
    } catch (error) {
      await this.abandon();
      return err(faultOf(error));
    }
  }
}

/** Is this the name of a file that `PieceFile` has not finished? */
export function isPartial(name: string): boolean {
  return name.endsWith(partialEnding);
}

/** A pipe is opened without waiting for its writer: it would hold one of Node's four threads. */
const withoutWaiting = constants.O_RDONLY | constants.O_NONBLOCK;

/** The bytes of a file, 64 KiB at a time; what cannot be read, or is no file, ends with the fault. */
export async function* readPieces(
  path: string,
): AsyncGenerator<Result<Bytes, "absent" | "unreadable">> {
  let file: FileHandle;
  try {
    file = await open(path, withoutWaiting);
  } catch (error) {
    yield err(errorCode(error) === "ENOENT" ? "absent" : "unreadable");
    return;
  }
  try {
    if (!(await file.stat()).isFile()) {
      yield err("unreadable");
      return;
    }
    for (;;) {
      const buffer = new Uint8Array(pieceBytes);
      const { bytesRead } = await file.read(buffer, 0, pieceBytes);
      if (bytesRead === 0) break; // Ends with the file.
      yield ok(buffer.subarray(0, bytesRead));
    }
  } catch {
    yield err("unreadable");
  } finally {
    await file.close();
  }
}

function faultOf(error: unknown): PieceFileFault {
  if (isOutOfRoom(error)) return "no room";
  if (errorCode(error) === "") throw error;
  return "cannot be used";
}

import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";

/** Only the owner may read what we write: everything here is or sits beside secrets. */
const ownerOnly = 0o600;
const ownerOnlyDirectory = 0o700;

export function makeDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: ownerOnlyDirectory });
}

/**
 * Replaces a file so that a crash leaves the old content or the new, never a half: written
 * beside it, fsynced, renamed, and the directory fsynced. An error of the disk throws.
 * What stands in the way there, a link of somebody else's or what a crash left, is not written to.
 */
export function writeFileAtomic(path: string, bytes: Bytes): void {
  const beside = `${path}.new`;
  rmSync(beside, { force: true });
  const file = openSync(beside, "wx", ownerOnly);
  try {
    writeAll(file, bytes);
    renameSync(beside, path);
  } catch (error) {
    // Half a file is of no use to anybody, takes room on a full disk, and may hold a secret.
    rmSync(beside, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/**
 * Writes a file in place and fsyncs it; the name itself is durable after `syncDirectory`. The space
 * of what was there is kept meanwhile: on a full disk a file of the same size can be written again.
 */
export function writeFileDurable(path: string, bytes: Bytes): void {
  writeAll(openSync(path, constants.O_WRONLY | constants.O_CREAT, ownerOnly), bytes);
}

function writeAll(file: number, bytes: Bytes): void {
  try {
    fchmodSync(file, ownerOnly); // It may have been there before, with another mode.
    let written = 0;
    while (written < bytes.length) written += writeSync(file, bytes, written);
    ftruncateSync(file, bytes.length);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes names created, renamed or removed in a directory durable. */
export function syncDirectory(path: string): void {
  if (process.platform === "win32") return; // Windows neither needs nor allows it.
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Gives a file or a directory another place on the same disk; durable when it returns. */
export function movePath(from: string, to: string): void {
  renameSync(from, to);
  syncDirectory(dirname(to));
  syncDirectory(dirname(from));
}

/** Why a person cannot have a new file at a path, in words; undefined where nothing speaks against. */
export function newFileFault(path: string): string | undefined {
  const directory = dirname(path);
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return `${path} is there already`;
    accessSync(directory, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const isAbsent = ["ENOENT", "ENOTDIR"].includes(errorCode(error));
    return isAbsent ? `there is no directory ${directory}` : `no right to write in ${directory}`;
  }
}

export type ReadFault = "absent" | "too large" | "unreadable";

/** Reads a file of at most `limit` bytes; one that is larger is not read further. */
export function readFileBounded(path: string, limit: number): Result<Bytes, ReadFault> {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    return err(errorCode(error) === "ENOENT" ? "absent" : "unreadable");
  }
  try {
    const buffer = Buffer.alloc(limit + 1);
    let length = 0;
    for (;;) {
      const count = readSync(file, buffer, length, buffer.length - length, null);
      length += count;
      if (length > limit) return err("too large");
      if (count === 0) return ok(new Uint8Array(buffer.subarray(0, length)));
    }
  } catch {
    return err("unreadable");
  } finally {
    closeSync(file);
  }
}

/** Removes a file or a directory with everything in it; not there is well. */
export function removePath(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** Did a call of Node's fail because the disk, or what this user may take of it, is full? */
export function isOutOfRoom(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EFBIG"].includes(errorCode(error));
}

/** The `code` of an error of Node's (ENOENT, ENOSPC …), or "" if it has none. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return "";
}

import { closeSync, fstatSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { utf8 } from "@gridward/core/base/bytes";

/**
 * Adds one line to a file, durably. A file that has grown to `bytesMost` becomes `PATH.1` first, so
 * two of them are kept. An error of the disk throws.
 */
export function appendLine(path: string, line: string, bytesMost: number): void {
  let file = openSync(path, "a", 0o600);
  try {
    if (fstatSync(file).size >= bytesMost) {
      closeSync(file);
      renameSync(path, `${path}.1`);
      file = openSync(path, "a", 0o600);
    }
    writeSync(file, utf8(`${line}\n`));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

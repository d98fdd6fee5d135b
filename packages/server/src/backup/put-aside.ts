import { join } from "node:path";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import { DiskFull } from "@gridward/runtime/journal/journal";
import { generationsDirectory } from "@gridward/runtime/journal/sqlite-store";
import { listDirectory } from "@gridward/runtime/os/directory";
import {
  isOutOfRoom,
  makeDirectory,
  movePath,
  readFileBounded,
  removePath,
  syncDirectory,
  writeFileAtomic,
} from "@gridward/runtime/os/files";
import { serverPaths } from "@gridward/runtime/trust/server-directory";

/**
 * Moves every generation but one to DIR/replaced-<time>, with copies of what belongs to it. Nothing
 * is ever removed. Null where there was nothing.
 */
export function putAside(directory: string, now: Instant, but: string | null): string | null {
  const generations = generationsDirectory(directory);
  const old = listDirectory(generations).filter((name) => name !== but);
  if (old.length === 0) return null;
  const aside = join(directory, `replaced-${rfc3339(now).replaceAll(/[-:]|\.\d+/g, "")}`);
  copyRecords(directory, aside);
  for (const name of old) movePath(join(generations, name), join(aside, name));
  syncDirectory(directory);
  return aside;
}

/** On a full disk it leaves nothing; nothing was moved by then. */
function copyRecords(directory: string, aside: string): void {
  try {
    makeDirectory(aside);
    for (const name of ["control.a", "control.b"]) copyTo(join(directory, name), join(aside, name));
    copyTo(serverPaths(directory).systemKey, join(aside, "system.key"));
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
    removePath(aside);
    throw new DiskFull("no room to put the database aside", { cause: error });
  }
}

const smallFileMost = 64 * 1024;

function copyTo(from: string, to: string): void {
  const bytes = readFileBounded(from, smallFileMost);
  if (bytes.ok) writeFileAtomic(to, bytes.value);
}

import { join } from "node:path";
import * as z from "zod";
import { utf8 } from "@gridward/core/base/bytes";
import { parseJsonBytes } from "@gridward/core/base/json";
import { ok, type Result } from "@gridward/core/base/result";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import {
  isOutOfRoom,
  readFileBounded,
  removePath,
  syncDirectory,
  writeFileAtomic,
} from "@gridward/runtime/os/files";

/**
 * CS17: a change of certificates on trial is held in memory alone, and gone with this process. What
 * it was lies here in words, so that the next start can say that it is undone, and why.
 */
const textMost = 1024;
const fileBytesMost = 16 * 1024;

const shape = z.strictObject({ v: z.literal(1), change: z.string().max(textMost) });

/** Refused where the disk has no room: what nobody could tell of is not tried. */
export function tryNoteHeld(directory: string, change: string): Result<null, Refusal> {
  try {
    const text = JSON.stringify({ v: 1, change: change.slice(0, textMost) });
    writeFileAtomic(pathIn(directory), utf8(text));
    return ok(null);
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
    return refuse("disk.full", "certificate-pending.json");
  }
}

/** At a start: what the end of this server undid. Null where nothing was held. */
export function readHeld(directory: string): string | null {
  const bytes = readFileBounded(pathIn(directory), fileBytesMost);
  if (!bytes.ok) return null;
  return shape.safeParse(parseJsonBytes(bytes.value)).data?.change ?? null;
}

export function dropHeld(directory: string): void {
  removePath(pathIn(directory));
  syncDirectory(directory);
}

function pathIn(directory: string): string {
  return join(directory, "certificate-pending.json");
}

import { join } from "node:path";
import * as z from "zod";
import { decodeUtf8, utf8 } from "@gridward/core/base/bytes";
import { type SecurityChange, securityText } from "@gridward/core/base/security-settings";
import { ok, type Result } from "@gridward/core/base/result";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import { readSecurityChange } from "@gridward/core/domain/security-change";
import {
  isOutOfRoom,
  readFileBounded,
  removePath,
  syncDirectory,
  writeFileAtomic,
} from "@gridward/runtime/os/files";

/**
 * CS11: what the settings are taken back to unless somebody confirms them. It lies beside them, so
 * that a server that ended in between takes them back at its next start.
 */
const fileBytesMost = 4 * 1024;

const shape = z.strictObject({
  v: z.literal(1),
  before: z.record(z.string(), z.string()),
  is_on_trial: z.boolean().default(false),
});

/** What a change goes back to. */
export interface KeptPending {
  readonly before: SecurityChange;
  /** CS17: it waits for an administrator who signs in under it. */
  readonly isOnTrial: boolean;
}

/** Refused where the disk has no room. */
export function tryKeepPending(
  directory: string,
  { before, isOnTrial }: KeptPending,
): Result<null, Refusal> {
  try {
    const text = JSON.stringify({ v: 1, before: securityText(before), is_on_trial: isOnTrial });
    writeFileAtomic(pathIn(directory), utf8(text));
    return ok(null);
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
    return refuse("disk.full", "security-pending.json");
  }
}

/** Null where nothing waits. A file that nobody wrote so is none: there is nothing to go back to. */
export function readPending(directory: string): KeptPending | null {
  const bytes = readFileBounded(pathIn(directory), fileBytesMost);
  const text = bytes.ok ? decodeUtf8(bytes.value) : bytes;
  if (!text.ok) return null;
  try {
    const parsed = shape.safeParse(JSON.parse(text.value));
    if (!parsed.success) return null;
    const before = readSecurityChange(parsed.data.before);
    return before.ok ? { before: before.value, isOnTrial: parsed.data.is_on_trial } : null;
  } catch {
    return null;
  }
}

export function dropPending(directory: string): void {
  removePath(pathIn(directory));
  syncDirectory(directory);
}

function pathIn(directory: string): string {
  return join(directory, "security-pending.json");
}

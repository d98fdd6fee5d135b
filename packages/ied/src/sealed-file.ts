import type { z } from "zod";
import { decodeUtf8, utf8, type Bytes } from "@gridward/core/base/bytes";
import { sealed } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import { readFileBounded, writeFileAtomic } from "@gridward/runtime/os/files";
import { seal, unseal, type SystemKey } from "@gridward/runtime/os/seal";

/** A file that only this device can write and read: sealed under its store key, for one purpose. */
export interface SealedFile {
  readonly path: string;
  readonly key: SystemKey;
  /** Names device and content, so that a file of another device or place does not open. */
  readonly purpose: string;
  readonly bytesMax: number;
}

export type SealedFileFault = "absent" | "damaged";

export function writeSealed(file: SealedFile, content: Bytes): void {
  writeFileAtomic(file.path, utf8(seal(file.key, file.purpose, content)));
}

export function readSealed(file: SealedFile): Result<Bytes, SealedFileFault> {
  const bytes = readFileBounded(file.path, file.bytesMax);
  if (!bytes.ok) return err(bytes.error === "absent" ? "absent" : "damaged");
  const text = decodeUtf8(bytes.value);
  if (!text.ok) return err("damaged");
  const opened = unseal(file.key, file.purpose, sealed(text.value));
  return opened.ok ? ok(opened.value.reveal()) : err("damaged");
}

export function writeSealedJson(file: SealedFile, content: unknown): void {
  writeSealed(file, utf8(JSON.stringify(content)));
}

export function readSealedJson<Content>(
  file: SealedFile,
  schema: z.ZodType<Content>,
): Result<Content, SealedFileFault> {
  const bytes = readSealed(file);
  if (!bytes.ok) return bytes;
  try {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(bytes.value).toString()));
    return parsed.success ? ok(parsed.data) : err("damaged");
  } catch {
    return err("damaged");
  }
}

import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import { readBackup } from "@gridward/runtime/backup/read-backup";
import type { RecoveryKey } from "@gridward/runtime/os/recovery-key";
import { viewBackup } from "./backup-directory.ts";
import { readContent, refusalOf } from "./prepare-restore.ts";

/** Reads a whole backup without restoring it; without the key, what can be told without. */
export async function verifyBackup(
  file: string,
  recovery: RecoveryKey | null,
  now: Instant,
): Promise<Result<object, Refusal>> {
  const header = recovery === null ? await verifyForm(file) : await verifyAll(file, recovery);
  if (!header.ok) return header;
  const ageMs = now - header.value.at;
  return ok({
    ...viewBackup({ path: file, header: header.value }),
    age_s: Math.max(0, Math.round(ageMs / 1_000)),
    signed_by: header.value.server.pairingKey,
    verified:
      recovery === null
        ? "form and signature; with the recovery key its content can be verified too"
        : "form, signature, every chunk, every row and the digest of the state",
  });
}

async function verifyForm(file: string) {
  const read = await readBackup(file, { recovery: null });
  return read.ok ? read : err(refusalOf(read.error, file));
}

async function verifyAll(file: string, recovery: RecoveryKey) {
  const read = await readContent(file, recovery, () => {});
  return read.ok ? ok(read.value.header) : read;
}

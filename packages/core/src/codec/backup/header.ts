import * as z from "zod";
import { utf8, type Bytes } from "../../base/bytes.ts";
import { parseJsonBytes } from "../../base/json.ts";
import { canonical } from "../../base/canonical.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** Raised with every change that an older program could not read. */
const backupFormat = 2;

const count = z.int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
/** The 32 raw bytes of a public key, base64url. */
const publicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const name = z.string().min(1).max(256);

const headerShape = z.strictObject({
  format: z.literal(backupFormat),
  /** Version of the program that wrote it. */
  version: z.string().min(1).max(64),
  systemId: name,
  site: name,
  server: z.strictObject({ id: name, name, pairingKey: publicKey }),
  position: z.strictObject({ term: count, start: count, seq: count, hash }),
  /** State digest at the position. */
  digest: hash,
  at: count,
  accounts: count,
  rows: count,
  /** To whom it is sealed, and the key made for this one file (X25519). */
  recoveryKey: publicKey,
  fileKey: publicKey,
});

/** What anybody who has the file may read of it. */
export type BackupHeader = z.infer<typeof headerShape>;

export function encodeBackupHeader(header: BackupHeader): Bytes {
  return utf8(canonical(header));
}

export function decodeBackupHeader(
  bytes: Bytes,
): Result<BackupHeader, "not a backup" | "of another format"> {
  const value = parseJsonBytes(bytes);
  const parsed = headerShape.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const isOther =
    typeof value === "object" &&
    value !== null &&
    "format" in value &&
    value.format !== backupFormat;
  return err(isOther ? "of another format" : "not a backup");
}

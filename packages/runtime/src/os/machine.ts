import { encodeHex, lengthPrefixed, utf8, type Bytes } from "@gridward/core/base/bytes";
import { readFileBounded } from "./files.ts";
import { hmacSha256 } from "./hash.ts";
import { randomBytes } from "./random.ts";

/** A salted hash of a machine's id: it tells whether two programs share a machine, and no more. */
export interface MachineMark {
  readonly salt: string;
  readonly hash: string;
}

/** The mark of this machine, with a fresh salt; null where the machine has no id. */
export function markMachine(): MachineMark | null {
  const salt = randomBytes(32);
  const hash = hashMachine(salt);
  return hash === undefined ? null : { salt: encodeHex(salt), hash };
}

/** Whether a mark was made on this machine. */
export function isThisMachine({ salt, hash }: MachineMark): boolean {
  return hashMachine(new Uint8Array(Buffer.from(salt, "hex"))) === hash;
}

/** machine-id(5) must not leave the machine as it is; the boot id stands in where there is none. */
const idFiles = ["/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/random/boot_id"];
const idBytesMost = 128;

function hashMachine(salt: Bytes): string | undefined {
  for (const path of idFiles) {
    const id = readFileBounded(path, idBytesMost);
    if (!id.ok || id.value.length < 32) continue;
    const subject = lengthPrefixed([utf8("gridward machine 1"), id.value]);
    return encodeHex(hmacSha256(salt, subject));
  }
  return undefined;
}

import { encodeHex, utf8 } from "@gridward/core/base/bytes";
import { sha256 } from "@gridward/runtime/os/hash";

/** A stable entryUUID (RFC 4530) for what has an id of ours: version 8 of RFC 9562, from SHA-256. */
export function entryUuid(id: string): string {
  const bytes = sha256(utf8(`gridward entry ${id}`)).slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = encodeHex(bytes);
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, index) => hex.slice(cuts[index], end))
    .join("-");
}

import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { encodeHex, utf8 } from "@gridward/core/base/bytes";
import { sha256 } from "./hash.ts";

/** Length of sun_path less its closing zero: longer names cannot be bound. */
const pathMax = 107;

/**
 * Where the local socket of a data directory is: `DIR/socket`, or, when that is too long for the
 * platform, a name made from a hash of it in the runtime directory. On Windows a named pipe.
 */
export function localSocketPath(directory: string, platform: string = process.platform): string {
  const path = join(resolve(directory), "socket");
  const hashed = `gridward-${encodeHex(sha256(utf8(path))).slice(0, 32)}`;
  if (platform === "win32") return `\\\\.\\pipe\\${hashed}`;
  if (Buffer.byteLength(path) <= pathMax) return path;
  return join(process.env["XDG_RUNTIME_DIR"] ?? tmpdir(), `${hashed}.sock`);
}

import { decodeUtf8 } from "@gridward/core/base/bytes";
import { readFileBounded } from "./files.ts";

/**
 * How many files and sockets this process may have open, or null where the system does not say or
 * sets no limit. Node has raised it as far as it may by then.
 */
export function descriptorLimit(): number | null {
  const file = readFileBounded("/proc/self/limits", 16_384);
  const text = file.ok ? decodeUtf8(file.value) : file;
  const found = text.ok ? /^Max open files +(?<soft>\d+) /m.exec(text.value) : null;
  const soft = found?.groups?.["soft"];
  return soft === undefined ? null : Number(soft);
}

import { decodeUtf8 } from "@gridward/core/base/bytes";
import type { Uptime } from "@gridward/core/domain/age";
import { readFileBounded } from "./files.ts";

/** Since the machine started, time suspended included; null where the system does not say. */
export function machineUptime(): Uptime | null {
  const [boot] = wordsOf("/proc/sys/kernel/random/boot_id");
  const [seconds] = wordsOf("/proc/uptime");
  // 32905.07 s are not quite a whole number of milliseconds, as numbers go.
  const millis = Math.round(Number(seconds) * 1_000);
  return boot === undefined || !Number.isFinite(millis) ? null : { boot, millis };
}

function wordsOf(path: string): readonly string[] {
  const file = readFileBounded(path, 128);
  const text = file.ok ? decodeUtf8(file.value) : file;
  return text.ok ? text.value.trim().split(" ") : [];
}

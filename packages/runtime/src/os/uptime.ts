import { decodeUtf8 } from "@gridward/core/base/bytes";
import type { Millis } from "@gridward/core/base/time";
import type { Uptime } from "@gridward/core/domain/age";
import { readFileBounded } from "./files.ts";

/** Since the machine started, time suspended included; null where the system does not say. */
export function machineUptime(): Uptime | null {
  const boot = textOf("/proc/sys/kernel/random/boot_id");
  const millis = uptimeMillis(textOf("/proc/uptime"));
  return boot === "" || millis === null ? null : { boot, millis };
}

/**
 * From the text of /proc/uptime: seconds with two decimals, then a number that is not ours
 * (proc_uptime(5)). Whole milliseconds, as the control record keeps nothing else: 2.01 times 1,000 is
 * 2009.9999999999998, as numbers go.
 */
export function uptimeMillis(text: string): Millis | null {
  const millis = Math.round(Number.parseFloat(text) * 1_000);
  return Number.isSafeInteger(millis) && millis >= 0 ? millis : null;
}

function textOf(path: string): string {
  const file = readFileBounded(path, 128);
  const text = file.ok ? decodeUtf8(file.value) : file;
  return text.ok ? text.value.trim() : "";
}

import { statSync } from "node:fs";
import type { Instant } from "@gridward/core/base/time";

/** When a file was last written, or undefined where there is none that we may look at. */
export function writtenAt(path: string): Instant | undefined {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
}

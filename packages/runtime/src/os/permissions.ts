import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Files and directories under `path` that others than the owner may use; none on Windows. */
export function findOpenFiles(path: string): readonly string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || process.platform === "win32") return [];
  const own = (found.mode & 0o077) === 0 ? [] : [path];
  if (!found.isDirectory()) return own;
  return [...own, ...readdirSync(path).flatMap((name) => findOpenFiles(join(path, name)))];
}

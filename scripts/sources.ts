import { globSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";

export const root = join(import.meta.dirname, "..");

/** Text by path from the root, with `/` between folders on every platform. */
export type Sources = ReadonlyMap<string, string>;

export function readSources(patterns: readonly string[]): Sources {
  const sources = new Map<string, string>();
  for (const path of globSync(patterns, {
    cwd: root,
    exclude: ["**/node_modules/**"],
  }).toSorted()) {
    sources.set(path.split(sep).join("/"), readFileSync(join(root, path), "utf8"));
  }
  return sources;
}

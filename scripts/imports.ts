import { posix } from "node:path";
import type { Sources } from "./sources.ts";

/** One import or re-export: who, of what, with which names (empty for a whole module). */
export interface Import {
  readonly from: string;
  readonly line: number;
  /** A path from the root, `node:…`, or the name of an outside package. */
  readonly to: string;
  readonly names: readonly string[];
  /** A file that is started as a program or worker, not imported. */
  readonly isStarted: boolean;
}

/**
 * Reads imports off the text. The formatter puts each at the start of a line, so no parser is
 * needed; an import inside a string or a comment does not start a line.
 */
export function scanImports(sources: Sources): readonly Import[] {
  return [...sources].flatMap(([from, text]) => importsOf(from, text));
}

const started = /new URL\("(?<to>\.[^"]+\.ts)",\s*import\.meta\.url/g;
const patterns = [
  /^(?:import|export)\s+(?<names>[^;"'`]*?)\s*from\s+"(?<to>[^"]+)"/gm,
  /^import\s+"(?<to>[^"]+)"/gm,
  /\bimport\("(?<to>[^"]+)"\)/g,
  started,
];

function importsOf(from: string, text: string): readonly Import[] {
  const found: Import[] = [];
  for (const pattern of patterns) {
    for (const match of text.matchAll(pattern)) {
      const { to = "", names = "" } = match.groups ?? {};
      found.push({
        from,
        line: text.slice(0, match.index).split("\n").length,
        to: resolve(from, to),
        names: namesOf(names),
        isStarted: pattern === started,
      });
    }
  }
  return found;
}

function namesOf(clause: string): readonly string[] {
  const braces = /\{([^}]*)\}/.exec(clause)?.[1] ?? "";
  const names = braces.split(",").map((name) => name.trim().replace(/^type\s+/, ""));
  return names.map((name) => name.replace(/\s+as\s.*$/, "")).filter((name) => name !== "");
}

function resolve(from: string, to: string): string {
  if (to.startsWith(".")) return posix.normalize(posix.join(posix.dirname(from), to));
  const [, name, inside] = /^@gridward\/([^/]+)\/(.+)$/.exec(to) ?? [];
  if (name !== undefined && inside !== undefined) return `packages/${name}/src/${inside}.ts`;
  return to.startsWith("node:") ? to : to.replace(/^((?:@[^/]+\/)?[^/]+).*$/, "$1");
}

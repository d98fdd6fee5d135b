import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { root, type Sources } from "./sources.ts";

/** A link in a document that leads to no file of this repository, one sentence each. */
export function checkLinks(
  documents: Sources,
  exists: (path: string) => boolean = (path) => existsSync(join(root, path)),
): readonly string[] {
  return [...documents].flatMap(([file, text]) =>
    [...text.matchAll(/\]\((?<to>[^)\s]+)\)/g)]
      .map(({ groups }) => (groups?.["to"] ?? "").replace(/#.*$/, ""))
      .filter((to) => to !== "" && !/^[a-z]+:/.test(to))
      .filter((to) => !exists(posix.join(posix.dirname(file), to)))
      .map((to) => `${file} links to ${to}, which does not exist`),
  );
}

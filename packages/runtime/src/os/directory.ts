import { readdirSync } from "node:fs";
import { hostname } from "node:os";
import { errorCode } from "./files.ts";

/** Names in a directory, sorted; none where it does not exist. */
export function listDirectory(path: string): readonly string[] {
  try {
    return readdirSync(path).toSorted();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** What the machine calls itself, for a server that listens on every address. */
export function machineName(): string {
  return hostname();
}

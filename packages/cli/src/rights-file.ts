import * as z from "zod";
import { decodeUtf8 } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import { readFileBounded } from "@gridward/runtime/os/files";
import { failed, type CommandFailure } from "./failure.ts";

/**
 * A role-to-right map as it is kept beside the engineering files of a device type: to be compared,
 * versioned, changed in an editor and imported again.
 */
const rightsFile = z.strictObject({
  map: z.string().min(1).max(128),
  /** Of the map when it was exported; an import over a later one is refused. */
  revision: z.int().min(0),
  rights: z
    .array(
      z.strictObject({
        right: z.string().min(1).max(64),
        full: z.array(z.string().min(1).max(64)).max(128),
        read: z.array(z.string().min(1).max(64)).max(128),
      }),
    )
    .max(64),
});

export type RightsFile = z.infer<typeof rightsFile>;

const fileBytesMax = 1024 * 1024;

/** One line for each right, so that a comparison of two files shows which have changed. */
export function writeRightsFile({ map, revision, rights }: RightsFile): string {
  const lines = rights.map((row) => `    ${JSON.stringify(row)}`).join(",\n");
  const head = `  "map": ${JSON.stringify(map)},\n  "revision": ${revision},`;
  return `{\n${head}\n  "rights": [\n${lines}\n  ]\n}\n`;
}

export function readRightsFile(path: string): Result<RightsFile, CommandFailure> {
  const file = readFileBounded(path, fileBytesMax);
  const text = file.ok ? decodeUtf8(file.value) : file;
  if (!text.ok) return failed("client.file", `${path}: ${text.error}`);
  const value = parseJson(text.value);
  if (value === undefined) return failed("client.file", `${path}: not JSON, or cut off`);
  const parsed = rightsFile.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  return failed("client.file", `${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

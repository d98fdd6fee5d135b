import { decodeUtf8 } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { readFileBounded } from "@gridward/runtime/os/files";
import type { Program } from "@gridward/runtime/os/program";
import { askSecret, readSecretFile } from "@gridward/runtime/os/prompt";
import { failed, type CommandFailure } from "./failure.ts";

const caBytesMax = 256 * 1024;

/** A trust anchor, PEM. */
export function readCaFile(path: string): Result<string, CommandFailure> {
  const file = readFileBounded(path, caBytesMax);
  const text = file.ok ? decodeUtf8(file.value) : file;
  if (!text.ok) return failed("client.file", `${path}: ${text.error}`);
  if (text.value.includes("-----BEGIN CERTIFICATE-----")) return ok(text.value);
  return failed("client.file", `${path}: no certificate in PEM`);
}

/** A secret from the file that an option names ("-" is standard input), or asked for. */
export async function readSecret(
  program: Program,
  source: { readonly file: string | undefined; readonly question: string; readonly option: string },
): Promise<Result<Secret<string>, CommandFailure>> {
  if (source.file !== undefined) {
    const secret = readSecretFile(source.file);
    return secret.ok ? secret : failed("client.file", `${source.file}: ${secret.error}`);
  }
  if (!program.isInteractive) {
    return failed("client.wrong-use", `${source.option} FILE, as nobody can be asked`);
  }
  return ok(await askSecret(source.question));
}

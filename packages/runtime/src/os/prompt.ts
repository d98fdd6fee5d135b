import { readSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { decodeUtf8, type Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { readFileBounded, type ReadFault } from "./files.ts";
import { endInterrupted } from "./program.ts";

/** Asks on the terminal; the answer is shown while it is typed. */
export async function ask(question: string): Promise<string> {
  return readLine(question, process.stderr);
}

/** Asks on the terminal without showing what is typed. */
export async function askSecret(question: string): Promise<Secret<string>> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const typed = await readLine("", nowhere);
  process.stderr.write("\n");
  return new Secret(typed);
}

async function readLine(question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  lines.on("SIGINT", endInterrupted);
  // Ctrl-D, or an input that ends: whoever answers nothing wants nothing.
  lines.once("close", endUnanswered);
  const answer = await lines.question(question);
  lines.off("close", endUnanswered);
  lines.close();
  return answer;
}

function endUnanswered(): never {
  process.stderr.write("\nThe question was not answered, so the command ends here.\n");
  return endInterrupted();
}

export type SecretFault = ReadFault | "not UTF-8" | "empty";

/** Longest secret read from a file or pipe: codes to join are the longest that we make. */
const secretBytesMax = 8_192;

/** The first line of a file, or of standard input for "-". A trailing line end is not part of it. */
export function readSecretFile(path: string): Result<Secret<string>, SecretFault> {
  const bytes = path === "-" ? ok(readStandardInput()) : readFileBounded(path, secretBytesMax);
  if (!bytes.ok) return bytes;
  const text = decodeUtf8(bytes.value);
  if (!text.ok) return text;
  const [line = ""] = text.value.split(/\r?\n/, 1);
  return line === "" ? err("empty") : ok(new Secret(line));
}

function readStandardInput(): Bytes {
  const buffer = new Uint8Array(secretBytesMax);
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(0, buffer, length, buffer.length - length, null);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

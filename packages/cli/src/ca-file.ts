import { utf8, type Bytes } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import { errorCode, readFileBounded, writeFileAtomic } from "@gridward/runtime/os/files";
import { cutPem } from "@gridward/runtime/trust/x509/pem";
import { failed, type CommandFailure } from "./failure.ts";

const requestFileMax = 64 * 1024;
const requestLabels = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

/** A certificate request (PKCS#10) from a file in PEM or DER, as base64 of its DER. */
export function readRequestFile(path: string): Result<string, CommandFailure> {
  const file = readFileBounded(path, requestFileMax);
  if (!file.ok) return failed("client.file", `${path}: ${file.error}`);
  const bytes = Buffer.from(file.value);
  // DER begins with a SEQUENCE.
  if (bytes[0] === 0x30) return ok(bytes.toString("base64"));
  const requests = (cutPem(bytes.toString("latin1")) ?? []).filter(({ label }) =>
    requestLabels.includes(label),
  );
  const [request, ...more] = requests;
  if (request === undefined) return failed("client.file", `${path}: no certificate request`);
  if (more.length > 0) return failed("client.file", `${path}: several certificate requests`);
  return ok(Buffer.from(request.body, "base64").toString("base64"));
}

/** Writes a file that only its owner reads, whole or not at all. */
export function writeOut(path: string, content: Bytes | string): Result<null, CommandFailure> {
  try {
    writeFileAtomic(path, typeof content === "string" ? utf8(content) : content);
    return ok(null);
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return failed("client.file", `${path}: ${errorCode(error)}`);
  }
}

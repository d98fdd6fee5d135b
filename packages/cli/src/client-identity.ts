import { decodeUtf8 } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { readFileBounded } from "@gridward/runtime/os/files";
import { pairFlaw } from "@gridward/runtime/trust/x509/pair-flaw";
import { cutPem, pemCertificates } from "@gridward/runtime/trust/x509/pem";
import { failed, type CommandFailure } from "./failure.ts";

/** Where the certificate lies that this user presents to servers; read anew at each command. */
export interface IdentityFiles {
  /** PEM, leaf first; with its key behind it where `key` is null. */
  readonly certificate: string;
  readonly key: string | null;
}

/** The certificate with its chain and its key, PEM. */
export interface ClientIdentity {
  readonly chain: string;
  readonly key: Secret<string>;
}

const fileBytesMax = 256 * 1024;

export function readClientIdentity(files: IdentityFiles): Result<ClientIdentity, CommandFailure> {
  const { certificate, key: keyFile } = files;
  const text = readText(certificate);
  if (!text.ok) return text;
  const [leaf = "", ...issuers] = pemCertificates(text.value);
  const keyText = keyFile === null ? text : readText(keyFile);
  if (!keyText.ok) return keyText;
  const keyBlock = cutPem(keyText.value)?.find(({ label }) => label.endsWith("PRIVATE KEY"));
  const key = keyBlock?.text ?? "";
  const where = keyFile ?? certificate;
  if (leaf === "") return failed("client.file", `${certificate}: no certificate in PEM`);
  if (key === "") return failed("client.file", `${where}: no private key in PEM`);
  const flaw = pairFlaw(leaf, key);
  if (flaw !== undefined) return failed("client.file", `${where}: ${flaw}`);
  return ok({ chain: [leaf, ...issuers].join("\n"), key: new Secret(key) });
}

function readText(path: string): Result<string, CommandFailure> {
  const file = readFileBounded(path, fileBytesMax);
  const text = file.ok ? decodeUtf8(file.value) : file;
  return text.ok ? text : failed("client.file", `${path}: ${text.error}`);
}

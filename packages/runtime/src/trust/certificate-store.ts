import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { decodeUtf8, utf8 } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { listDirectory } from "../os/directory.ts";
import { readFileBounded, removePath, syncDirectory, writeFileAtomic } from "../os/files.ts";
import type { Candidate } from "./choose-certificate.ts";
import type { ImportedCertificate } from "./import-certificate.ts";
import { keyFromPem, keyToPem } from "./x509/keys.ts";
import { cutPem } from "./x509/pem.ts";
import { fingerprintOf, readCertificate } from "./x509/read.ts";

/** Imported certificates that a server holds at most. */
export const importedMax = 16;

const fileBytesMax = 256 * 1024;
const filePattern = /^([0-9a-f]{64})\.pem$/;

/** The imported certificates of a data directory: one file each, named by the fingerprint. */
export function readImported(
  directory: string,
  ownKeys: readonly KeyObject[],
): Result<readonly Candidate[], Refusal> {
  const found: Candidate[] = [];
  for (const name of listDirectory(folderOf(directory))) {
    const fingerprint = filePattern.exec(name)?.[1];
    if (fingerprint === undefined) continue;
    const path = pathOf(directory, fingerprint);
    const candidate = readFile(path, ownKeys);
    const isWhole = candidate !== undefined && fingerprintOf(candidate.certificate) === fingerprint;
    if (!isWhole) return refuse("disk.unreadable", `${path}: no certificate of this fingerprint`);
    found.push(candidate);
  }
  return ok(found);
}

/** Whole or not at all, and readable by its owner only: the key lies beside its certificate. */
export function saveImported(
  directory: string,
  { certificate, issuers, key }: ImportedCertificate,
): void {
  const parts = [certificate, ...issuers].map((one) => one.toString());
  if (key !== null) parts.push(keyToPem(key).reveal());
  writeFileAtomic(pathOf(directory, fingerprintOf(certificate)), utf8(parts.join("")));
}

export function removeImported(directory: string, fingerprint: string): void {
  removePath(pathOf(directory, fingerprint));
  syncDirectory(folderOf(directory));
}

function folderOf(directory: string): string {
  return join(directory, "certificates");
}

function pathOf(directory: string, fingerprint: string): string {
  return join(folderOf(directory), `${fingerprint}.pem`);
}

function readFile(path: string, ownKeys: readonly KeyObject[]): Candidate | undefined {
  const file = readFileBounded(path, fileBytesMax);
  const text = file.ok ? decodeUtf8(file.value) : file;
  const blocks = text.ok ? (cutPem(text.value) ?? []) : [];
  const certificates = blocks
    .filter(({ label }) => label === "CERTIFICATE")
    .map((block) => readCertificate(block.text));
  const [certificate, ...issuers] = certificates.filter((one) => one !== undefined);
  if (certificate === undefined) return undefined;
  const keyBlock = blocks.find(({ label }) => label === "PRIVATE KEY");
  const keys = keyBlock === undefined ? ownKeys : readKeys(keyBlock.text);
  const key = keys.find((one) => certificate.checkPrivateKey(one)) ?? null;
  return { certificate, issuers, key };
}

/** A key that is damaged is lost; the list of certificates says so. */
function readKeys(pem: string): readonly KeyObject[] {
  try {
    return [keyFromPem(new Secret(pem))];
  } catch {
    return [];
  }
}

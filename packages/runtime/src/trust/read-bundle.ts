import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { errorCode } from "../os/files.ts";
import { decodeCertsOnly } from "./x509/certs-only.ts";
import { cutPem, pemBegin, type PemBlock } from "./x509/pem.ts";
import { readCertificate } from "./x509/read.ts";
import { openKey, readPkcs12, type KeysAndCertificates } from "./x509/read-pkcs12.ts";

/** Why a file cannot be read, in the words of whoever has to mend it. */
export interface BundleRefusal {
  readonly why:
    | "too large"
    | "unreadable"
    | "unsupported encryption"
    | "passphrase missing"
    | "passphrase wrong";
  /** Which part of it, "" for all of it. */
  readonly part: string;
}

/** Largest file, and most parts of one, that are looked at. */
export const bundleBytesMax = 256 * 1024;
const blocksMax = 64;

type Read = Result<KeysAndCertificates, BundleRefusal>;

/**
 * Certificates and keys of one file, in its order: PEM of any number of parts, DER of one
 * certificate or key, PKCS#7 without content, or PKCS#12.
 */
export async function readBundle(file: Bytes, passphrase: Secret<string> | null): Promise<Read> {
  if (file.length > bundleBytesMax) return refusal("too large", "");
  const text = Buffer.from(file).toString("latin1");
  return text.includes(pemBegin) ? readPem(text, passphrase) : readDer(file, passphrase);
}

function refusal(why: BundleRefusal["why"], part: string): Read {
  return err({ why, part });
}

function found(
  certificates: readonly X509Certificate[],
  keys: readonly KeyObject[],
): Result<KeysAndCertificates, never> {
  return ok({ certificates, keys });
}

async function readPem(text: string, passphrase: Secret<string> | null): Promise<Read> {
  const blocks = cutPem(text);
  if (blocks === undefined) return refusal("unreadable", "a part without its end");
  if (blocks.length > blocksMax) return refusal("too large", `${blocks.length} parts`);
  const certificates: X509Certificate[] = [];
  const keys: KeyObject[] = [];
  for (const [index, block] of blocks.entries()) {
    const read = await readBlock(block, passphrase);
    if (!read.ok) return refusal(read.error.why, `part ${index + 1}, ${block.label}`);
    certificates.push(...read.value.certificates);
    keys.push(...read.value.keys);
  }
  return found(certificates, keys);
}

async function readBlock(block: PemBlock, passphrase: Secret<string> | null): Promise<Read> {
  switch (block.label) {
    case "CERTIFICATE":
    case "X509 CERTIFICATE":
    case "TRUSTED CERTIFICATE": {
      const certificate = readCertificate(block.text);
      return certificate ? found([certificate], []) : refusal("unreadable", "");
    }
    case "PRIVATE KEY":
    case "RSA PRIVATE KEY":
    case "EC PRIVATE KEY":
      return readPlainKey(block.text, passphrase);
    case "ENCRYPTED PRIVATE KEY":
      return readClosedKey(Buffer.from(block.body, "base64"), passphrase);
    case "PKCS7":
    case "CMS":
      return readCertsOnly(Buffer.from(block.body, "base64"));
    default:
      // Parameters of curves, requests and the like lie beside keys and say nothing to us.
      return found([], []);
  }
}

/** Also one that the old "Proc-Type: 4,ENCRYPTED" closed, whose key costs a single round. */
function readPlainKey(text: string, passphrase: Secret<string> | null): Read {
  const isClosed = /^Proc-Type: 4,ENCRYPTED/m.test(text);
  if (isClosed && passphrase === null) return refusal("passphrase missing", "");
  try {
    const key = createPrivateKey({ key: text, passphrase: passphrase?.reveal() ?? "" });
    return found([], [key]);
  } catch (error) {
    const isUnknown = errorCode(error).includes("UNSUPPORTED");
    if (isUnknown) return refusal("unsupported encryption", "");
    return refusal(isClosed ? "passphrase wrong" : "unreadable", "");
  }
}

async function readClosedKey(der: Bytes, passphrase: Secret<string> | null): Promise<Read> {
  const key = await openKey(new Uint8Array(der), passphrase ?? new Secret(""));
  return key.ok ? found([], [key.value]) : toldOf(key.error, passphrase !== null);
}

function toldOf(
  why: "unsupported" | "wrong passphrase" | "not PKCS#12" | "too many parts",
  hasPassphrase: boolean,
): Read {
  switch (why) {
    case "unsupported":
      return refusal("unsupported encryption", "");
    case "wrong passphrase":
      return refusal(hasPassphrase ? "passphrase wrong" : "passphrase missing", "");
    case "not PKCS#12":
      return refusal("unreadable", "");
    case "too many parts":
      return refusal("too large", "more parts than are looked at");
  }
}

function readCertsOnly(der: Bytes): Read {
  const decoded = decodeCertsOnly(der);
  return decoded.ok ? found(decoded.value, []) : refusal("unreadable", "");
}

async function readDer(file: Bytes, passphrase: Secret<string> | null): Promise<Read> {
  const certificate = readCertificate(file);
  if (certificate !== undefined) return found([certificate], []);
  for (const type of ["pkcs8", "pkcs1", "sec1"] as const) {
    const key = readDerKey(file, type);
    if (key !== undefined) return found([], [key]);
  }
  const bag = await readPkcs12(file, passphrase ?? new Secret(""));
  if (bag.ok || bag.error !== "not PKCS#12") {
    return bag.ok ? bag : toldOf(bag.error, passphrase !== null);
  }
  const certificates = readCertsOnly(file);
  return certificates.ok ? certificates : readClosedKey(file, passphrase);
}

function readDerKey(der: Bytes, type: "pkcs8" | "pkcs1" | "sec1"): KeyObject | undefined {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: "der", type });
  } catch {
    return undefined;
  }
}

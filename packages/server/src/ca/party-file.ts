import type { KeyObject, X509Certificate } from "node:crypto";
import { utf8, type Bytes } from "@gridward/core/base/bytes";
import { ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import { randomBytes } from "@gridward/runtime/os/random";
import { chainPem } from "@gridward/runtime/trust/authority-chain";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";
import { encryptedKeyPem, writePkcs12 } from "@gridward/runtime/trust/x509/write-pkcs12";
import { spellCrockford } from "../crockford.ts";

/** How the key of a third party leaves the server, the one time that it does. */
export interface FileOrder {
  readonly format: "p12" | "pem";
  /** Null: in clear. */
  readonly password: Secret<string> | null;
}

/** 128 random bits in groups that can be typed. */
export function freshFilePassword(): Secret<string> {
  return new Secret(spellCrockford(randomBytes(16)).replaceAll(/.{5}(?=.{6})/g, "$&-"));
}

/** Of other characters than these, programs make different bytes, and the file stays shut. */
const passwordPattern = /^[\x20-\x7e]{8,64}$/;

export function checkFileOrder({ format, password }: FileOrder): Result<null, Refusal> {
  if (password === null) {
    return format === "p12" ? refuse("certificate.needs-password", "") : ok(null);
  }
  return passwordPattern.test(password.reveal())
    ? ok(null)
    : refuse("certificate.bad-password", "");
}

/** Key, certificate and authorities in one file; to be checked with `checkFileOrder` before. */
export async function writePartyFile(
  party: {
    readonly name: string;
    readonly key: KeyObject;
    readonly certificate: X509Certificate;
    /** Nearest first, up to the root. */
    readonly chain: readonly X509Certificate[];
  },
  { format, password }: FileOrder,
): Promise<Bytes> {
  const { name, key, certificate, chain } = party;
  if (format === "p12" && password !== null) {
    return writePkcs12({ name, key, certificate, chain }, password);
  }
  const closed = password === null ? keyToPem(key).reveal() : await encryptedKeyPem(key, password);
  return utf8(`${closed}${chainPem([certificate, ...chain])}`);
}

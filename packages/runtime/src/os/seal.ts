import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import { decodeUtf8, utf8, type Bytes } from "@gridward/core/base/bytes";
import { sealed, type Sealed } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import { readFileBounded, writeFileAtomic } from "./files.ts";
import { randomBytes } from "./random.ts";

/** The key under which a system's secrets are sealed before they enter the journal (design §4). */
export interface SystemKey {
  /** Eight characters made from the key: tells keys apart and nothing about them. */
  readonly id: string;
  readonly bytes: Secret<Bytes>;
}

export type UnsealFault = "not a sealed text" | "sealed with another key" | "altered";

export type KeyFileFault = "absent" | "not a key file";

const keyLength = 32;
const ivLength = 12;
const tagLength = 16;
const cipher = "aes-256-gcm";
const shape = /^v1\.([A-Za-z0-9_-]{8})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22,})$/;

/**
 * Seals bytes for one purpose: `v1.<key id>.<iv>.<ciphertext and tag>`, base64url, AES-256-GCM.
 * The purpose is authenticated: a sealed password does not open as a sealed key.
 */
export function seal(key: SystemKey, purpose: string, bytes: Bytes): Sealed {
  const iv = randomBytes(ivLength);
  const encrypt = createCipheriv(cipher, key.bytes.reveal(), iv);
  encrypt.setAAD(utf8(purpose));
  const body = Buffer.concat([encrypt.update(bytes), encrypt.final(), encrypt.getAuthTag()]);
  return sealed(`v1.${key.id}.${base64url(iv)}.${base64url(body)}`);
}

export function unseal(
  key: SystemKey,
  purpose: string,
  text: Sealed,
): Result<Secret<Bytes>, UnsealFault> {
  const found = shape.exec(text);
  if (found === null) return err("not a sealed text");
  const [, keyId = "", iv = "", bodyText = ""] = found;
  if (keyId !== key.id) return err("sealed with another key");
  const body = Buffer.from(bodyText, "base64url");
  const decrypt = createDecipheriv(cipher, key.bytes.reveal(), Buffer.from(iv, "base64url"), {
    authTagLength: tagLength,
  });
  decrypt.setAAD(utf8(purpose));
  decrypt.setAuthTag(body.subarray(body.length - tagLength));
  try {
    const plain = [decrypt.update(body.subarray(0, body.length - tagLength)), decrypt.final()];
    return ok(new Secret<Bytes>(new Uint8Array(Buffer.concat(plain))));
  } catch {
    return err("altered");
  }
}

export function sealText(key: SystemKey, purpose: string, text: Secret<string>): Sealed {
  return seal(key, purpose, utf8(text.reveal()));
}

export function unsealText(
  key: SystemKey,
  purpose: string,
  text: Sealed,
): Result<Secret<string>, UnsealFault> {
  const opened = unseal(key, purpose, text);
  if (!opened.ok) return opened;
  const plain = decodeUtf8(opened.value.reveal());
  return plain.ok ? ok(new Secret(plain.value)) : err("altered");
}

export function systemKey(bytes: Secret<Bytes>): SystemKey {
  const id = hkdfSync("sha256", bytes.reveal(), new Uint8Array(), "gridward system key id", 6);
  return { id: base64url(new Uint8Array(id)), bytes };
}

export function freshSystemKey(): SystemKey {
  return systemKey(new Secret<Bytes>(randomBytes(keyLength)));
}

/** Writes the key as a file of its owner only; an unattended start needs it there (design §4). */
export function saveSystemKey(path: string, key: SystemKey): void {
  writeFileAtomic(path, utf8(`${base64url(key.bytes.reveal())}\n`));
}

export function loadSystemKey(path: string): Result<SystemKey, KeyFileFault> {
  const file = readFileBounded(path, 64);
  if (!file.ok) return err(file.error === "absent" ? "absent" : "not a key file");
  const text = Buffer.from(file.value).toString("latin1").trimEnd();
  if (!/^[A-Za-z0-9_-]{43}$/.test(text)) return err("not a key file");
  const bytes = new Uint8Array(Buffer.from(text, "base64url"));
  return ok(systemKey(new Secret<Bytes>(bytes)));
}

function base64url(bytes: Bytes): string {
  return Buffer.from(bytes).toString("base64url");
}

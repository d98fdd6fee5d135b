import { concat, type Bytes } from "../base/bytes.ts";
import type { Sha256 } from "../base/digest.ts";
import { err, ok, type Result } from "../base/result.ts";
import { decodeBase32, encodeBase32, plainBase32 } from "./base32.ts";

const checkBytes = 4;
const charactersMax = 1024;

/** Bytes as a code to read out and type in, in groups of five, with a check against typing errors. */
export function encodeTypedCode(body: Bytes, sha256: Sha256): string {
  const text = encodeBase32(concat([body, sha256(body).subarray(0, checkBytes)]));
  return text.replaceAll(/.{5}(?=.)/g, "$&-");
}

/** The bytes of a code of at least `bytesMin`: the check tells a typing error from a wrong code. */
export function decodeTypedCode(
  text: string,
  bytesMin: number,
  sha256: Sha256,
): Result<Bytes, "not a code" | "mistyped"> {
  if (text.length > charactersMax) return err("not a code");
  const bytes = decodeBase32(plainBase32(text));
  if (bytes === undefined || bytes.length < bytesMin + checkBytes) return err("not a code");
  const body = bytes.subarray(0, bytes.length - checkBytes);
  const check = sha256(body).subarray(0, checkBytes);
  const isWhole = check.every((byte, index) => byte === bytes[body.length + index]);
  return isWhole ? ok(body) : err("mistyped");
}

const addressBytesMax = 255;

/** Whether this can be an address in a code; what it names is found out by dialling. */
export function isCodeAddress(text: string): boolean {
  return text.length <= addressBytesMax && /^[A-Za-z0-9:][A-Za-z0-9.:-]*$/.test(text);
}

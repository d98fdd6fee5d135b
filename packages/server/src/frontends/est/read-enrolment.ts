import { decodeUtf8, type Bytes } from "@gridward/core/base/bytes";
import { Secret } from "@gridward/core/base/secret";

/** Who enrols and with which code, as typed. */
export interface Credentials {
  readonly name: string;
  readonly code: Secret<string>;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** HTTP Basic (RFC 7617 §2): the name ends at the first colon. Undefined where it is none. */
export function readCredentials(headers: Headers): Credentials | undefined {
  const field = headers["authorization"];
  if (typeof field !== "string") return undefined;
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(field) ?? [];
  const text = decodeUtf8(Buffer.from(encoded ?? "", "base64"));
  if (!text.ok) return undefined;
  const colon = text.value.indexOf(":");
  if (colon < 1) return undefined;
  const code = new Secret(text.value.slice(colon + 1));
  return { name: text.value.slice(0, colon), code };
}

/** RFC 7030 §4.2.1, with whatever parameters a client adds. */
export function isRequestType(headers: Headers): boolean {
  const field = headers["content-type"];
  return typeof field === "string" && /^\s*application\/pkcs10\s*(?:;|$)/i.test(field);
}

/** RFC 8951 §3.1: base64 with or without line breaks, whatever the header fields say. */
export function readBase64(body: Bytes): Bytes | undefined {
  const text = Buffer.from(body).toString("latin1").replaceAll(/\s+/g, "");
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, "base64") : undefined;
}

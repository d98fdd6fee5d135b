import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject } from "node:crypto";
import { concat, lengthPrefixed, utf8, type Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import type { WrappedKey } from "@gridward/core/codec/join-message";
import { agree, freshAgreementKey } from "@gridward/runtime/os/agreement";
import { randomBytes } from "@gridward/runtime/os/random";
import { systemKey, type SystemKey } from "@gridward/runtime/os/seal";

/** What both sides of a join know of it: a wrapped key opens in no other. */
export interface JoinContext {
  /** TLS exporter value of the connection. */
  readonly exporter: Bytes;
  readonly secret: Secret<Bytes>;
  readonly mainPairingKey: string;
  readonly joiningPairingKey: string;
}

const cipher = "aes-256-gcm";
const tagLength = 16;

/**
 * Seals the system key for one server: X25519 between two fresh keys, with the invitation's secret
 * and the TLS exporter mixed in, so that neither a recorded connection nor a stolen code opens it.
 */
export function wrapSystemKey(
  key: SystemKey,
  to: string,
  context: JoinContext,
): Result<WrappedKey, "not a key"> {
  const own = freshAgreementKey();
  const wrapping = wrappingKey(own.key, to, context);
  if (!wrapping.ok) return wrapping;
  const iv = randomBytes(12);
  const encrypt = createCipheriv(cipher, wrapping.value.reveal(), iv);
  encrypt.setAAD(associated(context));
  const body = concat([encrypt.update(key.bytes.reveal()), encrypt.final(), encrypt.getAuthTag()]);
  return ok({ key: own.text, iv: base64url(iv), body: base64url(body) });
}

export function unwrapSystemKey(
  wrapped: WrappedKey,
  own: KeyObject,
  context: JoinContext,
): Result<SystemKey, "not a key" | "altered"> {
  const wrapping = wrappingKey(own, wrapped.key, context);
  if (!wrapping.ok) return wrapping;
  const body = Buffer.from(wrapped.body, "base64url");
  const iv = Buffer.from(wrapped.iv, "base64url");
  const decrypt = createDecipheriv(cipher, wrapping.value.reveal(), iv, {
    authTagLength: tagLength,
  });
  decrypt.setAAD(associated(context));
  decrypt.setAuthTag(body.subarray(body.length - tagLength));
  try {
    const opened = [decrypt.update(body.subarray(0, body.length - tagLength)), decrypt.final()];
    return ok(systemKey(new Secret<Bytes>(concat(opened))));
  } catch {
    return err("altered");
  }
}

function wrappingKey(
  own: KeyObject,
  peer: string,
  context: JoinContext,
): Result<Secret<Bytes>, "not a key"> {
  const shared = agree(own, peer);
  if (!shared.ok) return shared;
  const input = lengthPrefixed([shared.value, context.secret.reveal()]);
  const key = hkdfSync("sha256", input, context.exporter, "gridward join: system key", 32);
  return ok(new Secret<Bytes>(new Uint8Array(key)));
}

function associated(context: JoinContext): Bytes {
  return lengthPrefixed([utf8(context.mainPairingKey), utf8(context.joiningPairingKey)]);
}

function base64url(bytes: Bytes): string {
  return Buffer.from(bytes).toString("base64url");
}

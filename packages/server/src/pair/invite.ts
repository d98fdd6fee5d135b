import type { KeyObject, X509Certificate } from "node:crypto";
import { utf8, type Bytes } from "@gridward/core/base/bytes";
import type { RequestId, Sealed } from "@gridward/core/base/identity";
import { Secret } from "@gridward/core/base/secret";
import { minute, type Instant } from "@gridward/core/base/time";
import { encodeJoinCode, joinHashBytes, joinSecretBytes } from "@gridward/core/codec/join-code";
import { pairingHash } from "@gridward/runtime/link/contact-proof";
import { hmacSha256, sha256 } from "@gridward/runtime/os/hash";
import { seal, unseal, type SystemKey } from "@gridward/runtime/os/seal";
import { pairingKeyText } from "@gridward/runtime/trust/x509/keys";

/** How long a code is good for; the domain allows no more than a day. */
const inviteValidity = 15 * minute;

/** Purpose under which the secret of an invitation is sealed. */
export const invitePurpose = "secret of an invitation";

export interface InviteOrder {
  /** Where the joining server reaches this Main's link port. */
  readonly address: string;
  readonly port: number;
  readonly pairingKey: KeyObject;
  readonly authority: X509Certificate;
  readonly systemKey: SystemKey;
  readonly requestId: RequestId;
  readonly now: Instant;
}

/** A join code, and what the journal keeps of it. */
export interface Invite {
  readonly code: Secret<string>;
  readonly secret: Sealed;
  readonly expiresAt: Instant;
}

/**
 * The code that belongs to a request: a retry of it gets the same code, although no server keeps
 * the code itself. The secret is 128 bits that only a holder of the system key can compute.
 */
export function makeInvite(order: InviteOrder): Invite {
  const secretKey = hmacSha256(order.systemKey.bytes.reveal(), utf8("gridward join code\u0001"));
  const secret = hmacSha256(secretKey, utf8(order.requestId)).slice(0, joinSecretBytes);
  const code = encodeJoinCode(
    {
      address: order.address,
      port: order.port,
      pairingHash: pairingHash(pairingKeyText(order.pairingKey)),
      authorityHash: authorityHash(order.authority),
      secret,
    },
    sha256,
  );
  return {
    code: new Secret(code),
    secret: seal(order.systemKey, invitePurpose, secret),
    expiresAt: order.now + inviteValidity,
  };
}

/** Undefined when the row was sealed with another system key. */
export function openInviteSecret(key: SystemKey, secret: Sealed): Secret<Bytes> | undefined {
  const opened = unseal(key, invitePurpose, secret);
  return opened.ok ? opened.value : undefined;
}

export function authorityHash(authority: X509Certificate): Bytes {
  return sha256(authority.raw).subarray(0, joinHashBytes);
}

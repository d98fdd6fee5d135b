import { constants } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import type { SecuritySettings } from "@gridward/core/base/security-settings";

/**
 * What every TLS port and every dial of ours allows (IEC 62351-3 profile, without the legacy
 * suites). No tickets and no resumption: a ticket would outlive a change of settings and a CRL.
 */
export const tlsPolicy = {
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.3",
  ciphers: [
    "TLS_AES_256_GCM_SHA384",
    "TLS_AES_128_GCM_SHA256",
    "TLS_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
  ].join(":"),
  ecdhCurve: "P-256:P-384:X25519",
  honorCipherOrder: true,
  secureOptions:
    constants.SSL_OP_NO_TICKET |
    constants.SSL_OP_NO_RENEGOTIATION |
    constants.SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION,
} as const satisfies SecureContextOptions;

/** Why a connection of this version (OpenSSL's name) would not be made now; null: it would. */
export function objectToVersion(
  version: string | null,
  tlsMin: SecuritySettings["tls_min"],
): string | null {
  const isOld = version === "TLSv1.2" && tlsMin === "1.3";
  return isOld ? `it speaks TLS 1.2, and ${tlsMin} is the oldest that is taken` : null;
}

/** OpenSSL's name of the oldest version that is taken (`tls-min`). */
export function tlsVersion(tlsMin: SecuritySettings["tls_min"]): "TLSv1.2" | "TLSv1.3" {
  return `TLSv${tlsMin}`;
}

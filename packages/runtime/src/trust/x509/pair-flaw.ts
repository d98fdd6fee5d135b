import { createPrivateKey, X509Certificate } from "node:crypto";

/**
 * Why this certificate and this key, both PEM, are no pair; undefined: they are one. OpenSSL would
 * throw at the first connection; a person wants to know before.
 */
export function pairFlaw(certificate: string, key: string): string | undefined {
  try {
    const isPair = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    return isPair ? undefined : "the key is not that of the certificate";
  } catch {
    return "certificate or key cannot be read; the key must not be encrypted";
  }
}

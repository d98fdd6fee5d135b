import type { X509Certificate } from "node:crypto";
import { rsaBitsMin, weaknessOf } from "./x509/keys.ts";
import { serialOf } from "./x509/read.ts";

/** What makes a leaf unusable whoever issued it, in words that follow "with"; undefined if nothing. */
export function flawOfLeaf(leaf: X509Certificate): string | undefined {
  return weaknessOf(leaf.publicKey) ?? flawOfSerial(leaf);
}

/** The same for an issuer, whose curve and serial number are its own choice. */
export function flawOfIssuer(issuer: X509Certificate): string | undefined {
  const { asymmetricKeyType = "", asymmetricKeyDetails } = issuer.publicKey;
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  const isWeak = asymmetricKeyType.startsWith("rsa") && bits < rsaBitsMin;
  return isWeak ? `an RSA key below ${rsaBitsMin} bits` : undefined;
}

/** RFC 5280 §4.1.2.2: a positive number of at most 20 octets as DER writes it. */
export function flawOfSerial(certificate: X509Certificate): string | undefined {
  const serial = serialOf(certificate);
  if (serial.startsWith("-")) return "a negative serial number";
  if (/^0*$/.test(serial)) return "the serial number zero";
  const hasSignOctet = /^[89a-f]/.test(serial) && serial.length % 2 === 0;
  const octets = Math.ceil(serial.length / 2) + (hasSignOctet ? 1 : 0);
  return octets > serialOctetsMax ? `a serial number of ${octets} octets` : undefined;
}

const serialOctetsMax = 20;

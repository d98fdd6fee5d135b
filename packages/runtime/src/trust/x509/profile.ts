import { KeyUsageFlags } from "@peculiar/asn1-x509";
import { day, type Millis } from "@gridward/core/base/time";
import { objectIds } from "./object-ids.ts";

/** What a certificate is for. "temporary" is the self-signed one of a server without an authority. */
export type Profile = "authority" | "server" | "device" | "replica-signer" | "temporary";

interface ProfileRules {
  readonly isAuthority: boolean;
  readonly keyUsage: number;
  readonly extendedKeyUsage: readonly string[];
  readonly isUsageCritical: boolean;
  readonly life: Millis;
}

const year: Millis = 365 * day;
const bothEnds = [objectIds.serverAuth, objectIds.clientAuth];

/** What each profile may do (after RFC 5280 and IEC 62351-9), as data. */
export const profileRules: Readonly<Record<Profile, ProfileRules>> = {
  authority: {
    isAuthority: true,
    keyUsage: KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign,
    extendedKeyUsage: [],
    isUsageCritical: false,
    life: 10 * year,
  },
  // Servers dial each other and swap duties, so both ends of TLS (cause T06 otherwise).
  server: {
    isAuthority: false,
    keyUsage: KeyUsageFlags.digitalSignature,
    extendedKeyUsage: bothEnds,
    isUsageCritical: false,
    life: 2 * year,
  },
  device: {
    isAuthority: false,
    keyUsage: KeyUsageFlags.digitalSignature,
    extendedKeyUsage: bothEnds,
    isUsageCritical: false,
    life: 2 * year,
  },
  // Critical: software that does not know this purpose must not take it for a TLS certificate.
  "replica-signer": {
    isAuthority: false,
    keyUsage: KeyUsageFlags.digitalSignature,
    extendedKeyUsage: [objectIds.replicaSigning],
    isUsageCritical: true,
    life: 2 * year,
  },
  temporary: {
    isAuthority: false,
    keyUsage: KeyUsageFlags.digitalSignature,
    extendedKeyUsage: bothEnds,
    isUsageCritical: false,
    life: 10 * year,
  },
};

import { KeyUsageFlags } from "@peculiar/asn1-x509";
import { day, type Millis } from "@gridward/core/base/time";
import type { CertificateProfile } from "@gridward/core/domain/certificate-profile";
import { crlLife } from "@gridward/core/domain/revocation";
import { objectIds } from "./object-ids.ts";

/**
 * What a certificate is for. "temporary" is the self-signed one of a server without an authority;
 * "ocsp-responder" comes and goes with a revocation list; a "root" is kept apart from every server.
 */
export type Profile = CertificateProfile | "root" | "temporary" | "ocsp-responder";

interface ProfileRules {
  readonly isAuthority: boolean;
  /** How many authorities may stand below it; null: any number, or it is none. */
  readonly pathLength: number | null;
  readonly keyUsage: number;
  readonly extendedKeyUsage: readonly string[];
  readonly isUsageCritical: boolean;
  readonly life: Millis;
}

const year: Millis = 365 * day;
const bothEnds = [objectIds.serverAuth, objectIds.clientAuth];

/** An end of TLS and nothing else. */
function leaf(extendedKeyUsage: readonly string[], life: Millis): ProfileRules {
  return {
    isAuthority: false,
    pathLength: null,
    keyUsage: KeyUsageFlags.digitalSignature,
    extendedKeyUsage,
    isUsageCritical: false,
    life,
  };
}

/** Signs certificates and lists, and nothing else. */
function authority(pathLength: number | null, life: Millis): ProfileRules {
  return {
    isAuthority: true,
    pathLength,
    keyUsage: KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign,
    extendedKeyUsage: [],
    isUsageCritical: false,
    life,
  };
}

/** What each profile may do (after RFC 5280 and IEC 62351-9), as data. */
export const profileRules: Readonly<Record<Profile, ProfileRules>> = {
  authority: authority(0, 10 * year),
  root: authority(null, 20 * year),
  // Servers dial each other and swap duties, so both ends of TLS (cause T06 otherwise).
  server: leaf(bothEnds, 2 * year),
  device: leaf(bothEnds, 2 * year),
  // Tools and people move and leave: they dial only, and not for as long.
  "engineering-tool": leaf([objectIds.clientAuth], year),
  person: leaf([objectIds.clientAuth], year),
  // FTPS and SFTP gateways fetch as well as serve; IEC 62351-9 lets both ends show one.
  "file-transfer": leaf(bothEnds, 2 * year),
  // An IED of another make, which cannot ask for its certificate itself: as a device of ours.
  "vendor-device": leaf(bothEnds, 2 * year),
  "log-collector": leaf([objectIds.serverAuth], 2 * year),
  witness: leaf([objectIds.serverAuth], 2 * year),
  // Critical: software that does not know this purpose must not take it for a TLS certificate.
  "replica-signer": {
    isAuthority: false,
    pathLength: null,
    keyUsage: KeyUsageFlags.digitalSignature,
    extendedKeyUsage: [objectIds.replicaSigning],
    isUsageCritical: true,
    life: 2 * year,
  },
  temporary: leaf(bothEnds, 10 * year),
  // RFC 6960 §4.2.2.2.1: what nobody asks the revocation of lives no longer than it must, which is
  // as long as the list with which it is made, and a day to spare.
  "ocsp-responder": leaf([objectIds.ocspSigning], crlLife + day),
};

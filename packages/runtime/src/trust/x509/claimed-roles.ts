import type { X509Certificate } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import { Certificate } from "@peculiar/asn1-x509";
import { decodeUserRoles, userRolesOid, type RoleClaim } from "@gridward/core/codec/iec-user-roles";
import { roleName } from "@gridward/core/domain/roles";
import { nameText } from "./read.ts";

/**
 * What a certificate says of roles in the extension IECUserRoles, a line for each entry. Only shown:
 * roles are those of the account (IEC 62351-8 leaves it to the repository, and a requester's word
 * about himself is none).
 */
export function claimedRolesOf(certificate: X509Certificate): readonly string[] {
  const value = extensionOf(certificate);
  if (value === undefined) return [];
  const claims = decodeUserRoles(value);
  return claims.ok ? claims.value.map(lineOf) : [`unreadable: ${claims.error}`];
}

function extensionOf(certificate: X509Certificate): Uint8Array | undefined {
  try {
    const { extensions } = AsnConvert.parse(certificate.raw, Certificate).tbsCertificate;
    const extension = extensions?.find(({ extnID }) => extnID === userRolesOid);
    return extension && new Uint8Array(extension.extnValue.buffer);
  } catch {
    return undefined;
  }
}

function lineOf({ userRole, aor, revision, roleDefinition }: RoleClaim): string {
  const roles = userRole.map(roleName).join(", ");
  return `${roles} in ${nameText(aor)} (${nameText(roleDefinition)}, revision ${revision})`;
}

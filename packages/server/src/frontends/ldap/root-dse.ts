import { passwordModifyOid } from "@gridward/core/codec/ldap/password-modify";
import { passwordPolicyOid } from "@gridward/core/codec/ldap/password-policy";
import { describeSchema } from "@gridward/core/codec/ldap/schema";
import type { DirectoryEntry } from "./entry.ts";

export const subschemaDn = "cn=Subschema";
export const whoAmIOid = "1.3.6.1.4.1.4203.1.11.3";
export const startTlsOid = "1.3.6.1.4.1.1466.20037";
/** RFC 4422 appendix A. */
export const externalMechanism = "EXTERNAL";

/** All operational attributes (RFC 3673), and empty and/or filters (RFC 4526). */
const features = ["1.3.6.1.4.1.4203.1.5.1", "1.3.6.1.4.1.4203.1.5.3"];

export interface Offers {
  readonly version: string;
  readonly offersStartTls: boolean;
  /** Whoever signs in may change the password over LDAP, and is told of the policy. */
  readonly changesPasswords?: boolean;
}

/**
 * What anybody may read before signing in (RFC 4512 §5.1). Nothing in it looks like Active
 * Directory: SSSD would change its behaviour.
 */
export function rootDse(
  base: string | undefined,
  { version, offersStartTls, changesPasswords = false }: Offers,
): DirectoryEntry {
  return fixedEntry("", [
    ["objectClass", ["top"]],
    ["namingContexts", base === undefined ? [] : [base]],
    ["supportedLDAPVersion", ["3"]],
    [
      "supportedExtension",
      [
        whoAmIOid,
        ...(offersStartTls ? [startTlsOid] : []),
        ...(changesPasswords ? [passwordModifyOid] : []),
      ],
    ],
    ["supportedControl", changesPasswords ? [passwordPolicyOid] : []],
    ["supportedSASLMechanisms", [externalMechanism]],
    ["supportedFeatures", features],
    ["subschemaSubentry", [subschemaDn]],
    ["vendorName", ["Gridward"]],
    ["vendorVersion", [version]],
  ]);
}

/** The subschema subentry (RFC 4512 §4.2). */
export function subschemaEntry(): DirectoryEntry {
  return fixedEntry(subschemaDn, [
    ["objectClass", ["top", "subschema"]],
    ["cn", ["Subschema"]],
    ...describeSchema(),
  ]);
}

function fixedEntry(
  dnText: string,
  attributes: Iterable<readonly [string, readonly string[]]>,
): DirectoryEntry {
  const values = new Map(attributes);
  return {
    dnText: () => dnText,
    dn: () => (dnText === "" ? [] : [[{ type: "cn", value: "Subschema" }]]),
    row: values,
    trueUntil: () => null,
    names: () => values.keys(),
    valuesOf: (name) => values.get(name) ?? [],
  };
}

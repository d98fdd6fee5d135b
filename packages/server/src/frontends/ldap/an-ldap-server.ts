import type { KeyObject, X509Certificate } from "node:crypto";
import { systemClock } from "@gridward/runtime/os/clock";
import { keyToPem } from "@gridward/runtime/trust/x509/keys";
import type { FrontEndParts } from "../../parts.ts";
import { anyClient } from "./fixtures.ts";
import { type LdapIdentity, type LdapOptions, type LdapServer, serveLdap } from "./serve-ldap.ts";

/** For tests: the LDAP front end on real TLS and a port of its own, which takes every client. */
export async function anLdapServer(
  parts: FrontEndParts,
  changes: Partial<LdapOptions> & Pick<LdapOptions, "identity">,
): Promise<LdapServer> {
  return serveLdap(parts, {
    host: "127.0.0.1",
    port: 0,
    clients: anyClient,
    clock: systemClock(),
    limit: { most: 64, mostOfOne: 64, onTurnedAway: () => {} },
    live: { enter: () => () => undefined },
    version: "0.1.0",
    note: () => {},
    ...changes,
  });
}

/** As what an authority of tests issued; it asks for clients' certificates of these issuers. */
export function ldapIdentity(
  { key, certificate }: { readonly key: KeyObject; readonly certificate: X509Certificate },
  anchors: readonly string[] = [],
): LdapIdentity {
  return { key: keyToPem(key), certificate: certificate.toString(), anchors };
}

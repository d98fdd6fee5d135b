import { issuingAuthority } from "@gridward/core/domain/authority-in-use";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { RevocationUrls } from "@gridward/runtime/trust/x509/certificate";
import { serverUrl } from "../server-url.ts";
import { authorityId } from "./authority.ts";

/** Where the lists are on every server, without a sign-in: one of each authority. */
export const crlDirectory = "/crl";

export function crlPathOf(authority: string): string {
  return `${crlDirectory}/${authority}.crl`;
}

/** Where every server answers on the state of single certificates (RFC 6960 appendix A.1). */
export const ocspPath = "/ocsp";

/**
 * Where a certificate says that one may learn whether it is revoked: on each server of the system.
 * Not for the certificates of the servers themselves: whoever checks one would need it to fetch
 * what tells whether it counts (RFC 5280 §8). Servers and devices have the list without asking.
 */
export function revocationUrls(state: DirectoryState): RevocationUrls {
  const { tables } = state;
  const path = crlPathOf(issuingAuthority(state)?.id ?? authorityId);
  const servers = [...tables.servers.values()]
    .filter(({ ports }) => ports.https > 0)
    .map(({ address, ports }) => serverUrl(address, ports.https))
    .toSorted();
  return {
    lists: servers.map((url) => `${url}${path}`),
    responders: servers.map((url) => `${url}${ocspPath}`),
  };
}

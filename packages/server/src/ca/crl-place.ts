import type { DirectoryState } from "@gridward/core/domain/state";
import { serverUrl } from "../server-url.ts";
import { authorityId } from "./authority.ts";

/** Where the revocation list is on every server, without a sign-in, for as long as there is one. */
export const crlPath = `/crl/${authorityId}.crl`;

/**
 * Where a certificate says that its revocation list is: on each server of the system. Not for the
 * certificates of the servers themselves: whoever checks one would need it to fetch the list that
 * tells whether it counts (RFC 5280 §8). Servers and devices have the list without asking.
 */
export function crlUrls({ tables }: DirectoryState): readonly string[] {
  return [...tables.servers.values()]
    .filter(({ ports }) => ports.https > 0)
    .map(({ address, ports }) => `${serverUrl(address, ports.https)}${crlPath}`)
    .toSorted();
}

import { isOfServer } from "./revocation.ts";
import type { DirectoryState } from "./state.ts";
import type { AuthorityRow } from "./types.ts";

/** The one that issues; undefined on a blank server. */
export function issuingAuthority({ tables }: DirectoryState): AuthorityRow | undefined {
  return authorityOf({ tables }, "issuing");
}

export function authorityOf(
  { tables }: Pick<DirectoryState, "tables">,
  standing: AuthorityRow["standing"],
): AuthorityRow | undefined {
  return tables.authorities.find((row) => row.standing === standing);
}

/** Whose certificates count, PEM: the one that issues first, which all should be known by. */
export function trustAnchors(state: DirectoryState): readonly string[] {
  const all = [issuingAuthority(state), authorityOf(state, "next"), authorityOf(state, "former")];
  return all.flatMap((row) => row?.certificate ?? []);
}

/**
 * Servers and devices that would be refused without an authority: whose newest certificate is
 * from it. What has ended or was lost needs it no more.
 */
export function holdersOf(state: DirectoryState, authority: string, at: number): readonly string[] {
  const { servers, devices, certificates } = state.tables;
  const holders: string[] = [];
  for (const server of servers.values()) {
    const held = certificates.filter((row) => isOfServer(row, server) && row.revoked === null);
    const newest = held.maxBy(({ notBefore }) => notBefore);
    if (newest?.authority === authority && newest.notAfter > at) holders.push(server.name);
  }
  for (const { name, status, certificate } of devices.values()) {
    const row = certificate && certificates.get(certificate.serial);
    if (status === "lost" || row === null || row?.authority !== authority) continue;
    if (row.revoked === null && row.notAfter > at) holders.push(name);
  }
  return holders.toSorted();
}

import type { Instant } from "../base/time.ts";
import { isOfServer } from "./revocation.ts";
import type { DirectoryState } from "./state.ts";
import type { AuthorityRow, CertificateRow } from "./types.ts";

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

/**
 * Whose certificates count, PEM: the one that issues first, which all should be known by. Each with
 * its chain, see `AuthorityChain`: who reads a single certificate of it reads the authority itself.
 */
export function trustAnchors(state: DirectoryState): readonly string[] {
  const all = [issuingAuthority(state), authorityOf(state, "next"), authorityOf(state, "former")];
  return all.flatMap((row) => (row === undefined ? [] : anchorOf(row)));
}

/** An authority and, behind it, those above it up to its root: PEM. */
export function anchorOf({ certificate, chain = [] }: AuthorityRow): string {
  return [certificate, ...chain].join("");
}

/**
 * Servers and devices that would be refused without an authority: whose newest certificate is
 * from it. What has ended or was lost needs it no more.
 */
export function holdersOf(
  { tables: { servers, devices, certificates } }: DirectoryState,
  authority: string,
  at: Instant,
): readonly string[] {
  const counts = (row: CertificateRow | undefined): boolean =>
    row?.authority === authority && row.revoked === null && row.notAfter > at;
  const ofServers = servers.valueSeq().filter((server) => {
    const held = certificates.filter((row) => isOfServer(row, server) && row.revoked === null);
    return counts(held.maxBy(({ notBefore }) => notBefore));
  });
  const ofDevices = devices.valueSeq().filter(({ status, certificate }) => {
    return status !== "lost" && counts(certificates.get(certificate?.serial ?? ""));
  });
  return [...ofServers, ...ofDevices].map(({ name }) => name).toSorted();
}

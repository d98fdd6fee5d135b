import type { NodeId } from "../base/identity.ts";
import { isThirdParty } from "./certificate-profile.ts";
import type { Lifetime } from "./certificate-life.ts";
import { isOfServer } from "./revocation.ts";
import type { DirectoryState } from "./state.ts";
import type { CertificateRow } from "./types.ts";

/** Whose end somebody must know of before, each with a remedy of its own. */
export const watchedKinds = [
  "own",
  "partner",
  "device",
  "party",
  "authority",
  "imported",
  "temporary",
  "list",
] as const;
export type WatchedKind = (typeof watchedKinds)[number];

/** A certificate or a revocation list that is in use (CS12). */
export interface WatchedLife extends Lifetime {
  readonly kind: WatchedKind;
  /** What it is called: of whom a certificate is, or whose list. */
  readonly name: string;
  /** Serial number or number of the list: tells one from the next of the same name. */
  readonly id: string;
}

/** Of each certificate that the state knows, the one that ends last; nothing that was revoked. */
export function watchedLives(state: DirectoryState, self: NodeId): readonly WatchedLife[] {
  const newest = new Map<string, WatchedLife>();
  for (const row of state.tables.certificates.values()) {
    const watched = row.revoked === null ? watchedAs(state, row, self) : undefined;
    if (watched === undefined) continue;
    const key = `${watched.kind} ${row.profile} ${watched.name}`;
    const before = newest.get(key);
    if (before === undefined || before.notAfter < watched.notAfter) newest.set(key, watched);
  }
  return [...newest.values(), ...devicesOf(state), ...listsOf(state)];
}

function watchedAs(
  { tables }: DirectoryState,
  row: CertificateRow,
  self: NodeId,
): WatchedLife | undefined {
  const { profile, authority, name, serial: id, notBefore, notAfter } = row;
  const life = { name, id, notBefore, notAfter };
  if (profile === "authority") {
    return tables.authorities.has(authority) ? { ...life, kind: "authority" } : undefined;
  }
  if (isThirdParty(profile)) return { ...life, kind: "party", name: `${profile} ${name}` };
  const server = tables.servers.find((one) => isOfServer(row, one));
  if (server === undefined) return undefined;
  const kind = server.id === self ? "own" : "partner";
  const what = profile === "replica-signer" ? `${server.name}, replica signer` : server.name;
  return { ...life, kind, name: what };
}

function devicesOf({ tables }: DirectoryState): readonly WatchedLife[] {
  const found: WatchedLife[] = [];
  for (const { name, status, certificate } of tables.devices.values()) {
    const row = certificate && tables.certificates.get(certificate.serial);
    if (status === "lost" || row === null || row === undefined || row.revoked !== null) continue;
    const { serial: id, notBefore, notAfter } = row;
    found.push({ kind: "device", name, id, notBefore, notAfter });
  }
  return found;
}

function listsOf({ tables }: DirectoryState): readonly WatchedLife[] {
  const issued = [...tables.certificates.values()];
  return [...tables.crls.values()].map(({ authority, number, thisUpdate, nextUpdate }) => {
    const own = issued.find((row) => row.profile === "authority" && row.authority === authority);
    const name = own?.subject ?? authority;
    return {
      kind: "list",
      name,
      id: String(number),
      notBefore: thisUpdate,
      notAfter: nextUpdate,
    };
  });
}

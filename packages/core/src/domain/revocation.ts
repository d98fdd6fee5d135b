import { day, type Instant, type Millis } from "../base/time.ts";
import type { DirectoryState } from "./state.ts";
import type { CertificateRow, DeviceRow, Revocation, ServerRow } from "./types.ts";

/** A revocation list is good for this long, and made anew every day: a week without a Main is borne. */
export const crlLife: Millis = 7 * day;
export const crlEvery: Millis = day;

export function revocationOf({ tables }: DirectoryState, serial: string): Revocation | null {
  return tables.certificates.get(serial)?.revoked ?? null;
}

/** All that an authority revoked, ever: this number never falls, so it tells what a list lacks. */
export function revokedBy(state: DirectoryState, authority: string): readonly CertificateRow[] {
  return state.tables.certificates
    .valueSeq()
    .filter((row) => row.authority === authority && row.revoked !== null)
    .toArray();
}

/** What a list made now names: RFC 5280 §3.3 keeps a certificate until one list after its end. */
export function listedAt(
  revoked: readonly CertificateRow[],
  at: Instant,
): readonly CertificateRow[] {
  return revoked
    .filter(({ notAfter }) => notAfter + crlLife > at)
    .toSorted((left, right) => (left.serial < right.serial ? -1 : 1));
}

/**
 * Number of the next list of an authority: seconds, so that it also rises over lists that a lost
 * tail of the journal or a restored backup does not know of. Devices take no lower one.
 */
export function nextCrlNumber(state: DirectoryState, authority: string, at: Instant): number {
  const last = state.tables.crls.get(authority)?.number ?? 0;
  return Math.max(last + 1, Math.floor(at / 1_000));
}

/** The authority puts a server's id into the subject of each certificate that it issues to it. */
export function certificatesOfServer(
  { tables }: Pick<DirectoryState, "tables">,
  { id }: Pick<ServerRow, "id">,
): readonly CertificateRow[] {
  return [...tables.certificates.values()]
    .filter((row) => row.revoked === null && isOfServer(row, { id }))
    .toSorted((left, right) => (left.serial < right.serial ? -1 : 1));
}

export function isOfServer(
  { profile, subject }: Pick<CertificateRow, "profile" | "subject">,
  { id }: Pick<ServerRow, "id">,
): boolean {
  const isFit = profile === "server" || profile === "replica-signer";
  return isFit && namesOf(subject).includes(id);
}

/** As with servers; a device's id is no name that a request could bring. */
export function isOfDevice(
  { profile, subject }: Pick<CertificateRow, "profile" | "subject">,
  { id }: Pick<DeviceRow, "id">,
): boolean {
  return profile === "device" && namesOf(subject).includes(id);
}

function namesOf(subject: string): readonly string[] {
  return subject.split(", ").map((part) => part.slice(part.indexOf("=") + 1));
}

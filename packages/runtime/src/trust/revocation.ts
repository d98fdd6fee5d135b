import type { X509Certificate } from "node:crypto";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import { keyFingerprintOf, nameText, serialOf } from "./x509/read.ts";

/** How revocation counts: not at all; only where a list says so; or only with a current list. */
export type RevocationMode = "off" | "soft" | "hard";

/** What the judge asks of one certificate revocation list (RFC 5280 §5). */
export interface RevocationList {
  readonly number: bigint | null;
  readonly thisUpdate: Instant;
  /** Null where it does not say: such a list is never current. */
  readonly nextUpdate: Instant | null;
  /** By serial number, lower-case hexadecimal. */
  readonly revoked: ReadonlyMap<string, { readonly at: Instant }>;
  /** Whether it is this issuer's, by name and signature. */
  readonly isSignedBy: (issuer: X509Certificate) => boolean;
}

export interface RevocationFinding {
  readonly cause: "T07" | "T08";
  readonly ours: string;
}

/**
 * Looks along a path, leaf first and anchor last, for what is revoked (T07), and for issuers
 * without a list of now (T08). A stale list still names the revoked: nobody is un-revoked by time.
 */
export function findRevocation(
  path: readonly X509Certificate[],
  lists: readonly RevocationList[],
  at: Instant,
): RevocationFinding | undefined {
  const steps = path.slice(1).map((issuer, index) => {
    return { issuer, certificate: path[index], lists: lists.filter((list) => isOf(list, issuer)) };
  });
  for (const { certificate, issuer, lists: own } of steps) {
    const found = certificate && findRevoked(certificate, issuer, own);
    if (found !== undefined) return found;
  }
  for (const { issuer, lists: own } of steps) {
    const found = findUnlisted(issuer, own, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a list of the anchor that issued it names a certificate; serial numbers are each issuer's. */
export function isRevoked(
  certificate: X509Certificate,
  anchors: readonly X509Certificate[],
  lists: readonly RevocationList[],
): boolean {
  const issuers = anchors.filter(
    (anchor) => certificate.checkIssued(anchor) && certificate.verify(anchor.publicKey),
  );
  return issuers.some((issuer) => {
    const own = lists.filter((list) => isOf(list, issuer));
    return findRevoked(certificate, issuer, own) !== undefined;
  });
}

const answers = new WeakMap<RevocationList, Map<string, boolean>>();

/** Asked once of each issuer: a list may be large, and its signature covers all of it. */
function isOf(list: RevocationList, issuer: X509Certificate): boolean {
  const known = answers.get(list) ?? new Map<string, boolean>();
  const key = `${issuer.subject}\n${keyFingerprintOf(issuer)}`;
  const answer = known.get(key) ?? list.isSignedBy(issuer);
  answers.set(list, known.set(key, answer));
  return answer;
}

function findRevoked(
  certificate: X509Certificate,
  issuer: X509Certificate,
  lists: readonly RevocationList[],
): RevocationFinding | undefined {
  const serial = serialOf(certificate);
  for (const list of lists) {
    const since = list.revoked.get(serial);
    if (since === undefined) continue;
    const what = `${nameText(certificate.subject)}, serial ${serial}`;
    const ours = `knows ${what}, as revoked on ${rfc3339(since.at)} by ${told(list, issuer)}`;
    return { cause: "T07", ours };
  }
  return undefined;
}

function findUnlisted(
  issuer: X509Certificate,
  lists: readonly RevocationList[],
  at: Instant,
): RevocationFinding | undefined {
  const [newest] = lists.toSorted((one, other) => endOf(other) - endOf(one));
  if (newest === undefined) {
    return { cause: "T08", ours: `has no revocation list of ${nameText(issuer.subject)}` };
  }
  if (lists.some((list) => list.thisUpdate <= at && at <= endOf(list))) return undefined;
  const { thisUpdate, nextUpdate } = newest;
  const ends = nextUpdate === null ? "no time that it says" : rfc3339(nextUpdate);
  const lasts = `good from ${rfc3339(thisUpdate)} to ${ends}`;
  const ours = `has ${told(newest, issuer)}, ${lasts}; its time is ${rfc3339(at)}`;
  return { cause: "T08", ours };
}

function endOf({ thisUpdate, nextUpdate }: RevocationList): Instant {
  return nextUpdate ?? thisUpdate;
}

function told({ number }: RevocationList, issuer: X509Certificate): string {
  return `revocation list ${number === null ? "" : `${number} `}of ${nameText(issuer.subject)}`;
}

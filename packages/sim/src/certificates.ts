import type { ControlRecord } from "@gridward/core/domain/control-record";
import type { SimDisk } from "./sim-disk.ts";
import type { Violation } from "./violation.ts";

/** I3, I5: who becomes Main was certified for the database it has, unless a person forced it. */
export function findBadPromotion(
  { nodeId, incarnation, certificate }: ControlRecord,
  isForced: boolean,
): Violation | undefined {
  if (incarnation === null) return { rule: "I5", says: `${nodeId} became Main with no database` };
  const isCertified = certificate?.complete === true && certificate.incarnation === incarnation;
  if (isForced || isCertified) return undefined;
  return { rule: "I3", says: `${nodeId} became Main without a certificate` };
}

/** R8, I6: complete only on the word of a Main that had recorded it, and only over its own history. */
export function findBadCertificate(
  disk: SimDisk,
  before: ControlRecord,
  after: ControlRecord,
  isAdmittedBy: (by: string) => boolean,
): Violation | undefined {
  const { certificate, nodeId, term } = after;
  if (certificate === null) return undefined;
  const isNew = certificate.complete && before.certificate?.complete !== true;
  if (isNew && !isAdmittedBy(certificate.certifiedBy)) {
    const says = `${nodeId} certified itself in term ${term} without ${certificate.certifiedBy}`;
    return { rule: "R8", says };
  }
  return isOverItsHistory(disk, after)
    ? undefined
    : { rule: "I6", says: `the certificate of ${nodeId} names another history` };
}

function isOverItsHistory(disk: SimDisk, { certificate, incarnation }: ControlRecord): boolean {
  if (certificate === null || incarnation === null) return true;
  if (certificate.incarnation !== incarnation || disk.journal?.incarnation !== incarnation) {
    return true;
  }
  const found = disk.hashAt(certificate.position.seq);
  return found === undefined || found === certificate.position.hash;
}

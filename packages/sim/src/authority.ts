import type { NodeId } from "@gridward/core/base/identity";
import type { ArbiterRecord } from "@gridward/core/domain/arbiter";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import type { Violation } from "./violation.ts";

/** What is seen of the witness from outside. */
export interface WatchedWitness {
  readonly record: ArbiterRecord | null;
  mayGive(term: number, to: NodeId): boolean;
  noteOffer(owner: NodeId): void;
  hasSettled(owner: NodeId): boolean;
}

/** A control record that is being written, and what it is judged by. */
export interface Written {
  readonly before: ControlRecord;
  readonly after: ControlRecord;
  readonly witness: WatchedWitness;
  /** Has the target of the hand-over said itself that it does not take the term? */
  readonly isDeclined: boolean;
  /** What the disk of another server says. */
  readonly controlOf: (id: NodeId) => ControlRecord | undefined;
}

/** R4, R5, R9: nobody takes, narrows or forgets without the right to. Not asked where a person forced. */
export function findBrokenAuthority(written: Written): Violation | undefined {
  const { before, after } = written;
  const takesTerm = after.owner === after.nodeId && after.term > before.term;
  if (takesTerm) return findTakenTerm(written);
  return findForgotten(written) ?? findTakenBack(written) ?? findNarrowing(written);
}

function findTakenTerm({ before, after, witness }: Written): Violation | undefined {
  const { record } = witness;
  if (before.mode !== "witness" || record === null) return undefined;
  const isOurs = record.term === after.term && record.owner === after.nodeId;
  if (isOurs || record.term > after.term) return undefined;
  const says = `${after.nodeId} took term ${after.term}, which the witness did not give`;
  return { rule: "R5", says };
}

/**
 * What was asked of the witness is forgotten only when it can take effect no more, or by who is
 * taken out: it is complete no more and uses nothing that was given to it.
 */
function findForgotten({ before, after, witness }: Written): Violation | undefined {
  const { candidacy, nodeId } = before;
  if (candidacy === null || after.candidacy !== null || after.term >= candidacy) return undefined;
  if (after.maintenance !== null && after.certificate?.complete !== true) return undefined;
  const { record } = witness;
  const isGiven = record?.term === candidacy && record.owner === nodeId;
  if (!isGiven && !witness.mayGive(candidacy, nodeId)) return undefined;
  return { rule: "R9", says: `${nodeId} forgot that it asked for term ${candidacy}` };
}

function findTakenBack({ before, after, witness, isDeclined }: Written): Violation | undefined {
  const { handover, mode, nodeId } = before;
  if (handover === null || after.handover !== null || after.term >= handover.term) return undefined;
  const { record } = witness;
  const isGiven = record?.term === handover.term && record.owner === handover.to;
  const isOpen = isGiven || witness.mayGive(handover.term, handover.to);
  if (mode !== "witness" || isDeclined || !isOpen) return undefined;
  if (witness.hasSettled(nodeId)) return undefined;
  const says = `${nodeId} took back term ${handover.term}, which ${handover.to} may get`;
  return { rule: "R9", says };
}

/** A member that might succeed is dropped only with leave, or when it cannot succeed any more. */
function findNarrowing(written: Written): Violation | undefined {
  const { before, after } = written;
  const isSameLife = after.owner === after.nodeId && before.term === after.term;
  if (!isSameLife || before.mode === "manual") return undefined;
  const dropped = before.ackSet.filter((member) => !after.ackSet.includes(member));
  const member = dropped.find((id) => maySucceed(written, id));
  if (member === undefined) return undefined;
  return { rule: "R4", says: `${after.nodeId} dropped ${member}, which may still succeed it` };
}

/** Is there a right by which this member might become Main without a person's force? */
export function maySucceed(
  { before, after, witness, controlOf }: Written,
  member: NodeId,
): boolean {
  if (controlOf(member)?.certificate?.complete !== true) return false;
  const { record } = witness;
  if (before.mode !== "witness" || record === null) return before.mode !== "witness";
  return record.term <= after.term && record.ackSet.includes(member);
}

/** R15: a permanent Standby owns no term, asks for none, and no change waits for it. */
export function findPermanentClaim(
  { nodeId, owner, candidacy, ackSet, handover }: ControlRecord,
  permanent: NodeId | undefined,
): Violation | undefined {
  if (permanent === undefined) return undefined;
  const isNamed = [owner, handover?.to, ...ackSet].includes(permanent);
  const isClaim = nodeId === permanent && candidacy !== null;
  if (!isNamed && !isClaim) return undefined;
  return { rule: "R15", says: `${nodeId} counts the permanent ${permanent} in` };
}

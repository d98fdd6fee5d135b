import type { NodeId } from "@gridward/core/base/identity";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import type { Entry } from "@gridward/core/domain/entry";
import type { PairRow } from "@gridward/core/domain/types";
import { maySucceed, type WatchedWitness } from "./authority.ts";
import type { Violation } from "./violation.ts";

/** Does an entry say that more than one server must hold a change? */
export function tellsOfCopy({ facts }: Entry): boolean {
  return facts.some((fact) => {
    if (fact.kind === "ack-set-changed") return fact.ackSet.length > 1;
    return fact.kind === "term-started" && fact.pair.ackSet.length > 1;
  });
}

/** What holds at the moment of an acknowledgement. */
export interface AtAcknowledgement {
  readonly control: ControlRecord;
  /** What the journal of the Main says last of the pair. */
  readonly recorded: PairRow | undefined;
  /** Was there ever a second copy in this run? */
  readonly hadPartner: boolean;
  /** Did a person make it go on alone? */
  readonly isForced: boolean;
  /** What the disks of the other servers say. */
  readonly others: readonly ControlRecord[];
  readonly witness: WatchedWitness;
  readonly controlOf: (id: NodeId) => ControlRecord | undefined;
}

/** I13, I14: what is relied on is known, to the witness and to whoever reads the journal. */
export function findUnsafeCopies(at: AtAcknowledgement): Violation | undefined {
  const untold = findUntoldCopy(at);
  if (untold !== undefined || at.isForced) return untold;
  return findUnknownNarrowing(at) ?? findSuccessorWithout(at);
}

/** I14: an interval with one copy is in the journal, with its reason, before it is relied on. */
function findUntoldCopy({
  control,
  recorded,
  hadPartner,
}: AtAcknowledgement): Violation | undefined {
  const { nodeId, ackSet } = control;
  const isAlone = ackSet.every((member) => member === nodeId);
  if (!isAlone || !hadPartner) return undefined;
  const isTold = recorded?.ackSet.every((member) => member === nodeId) === true;
  if (isTold && recorded?.unprotected !== null && recorded?.unprotected !== undefined) {
    return undefined;
  }
  return { rule: "I14", says: `${nodeId} acknowledged alone and its journal does not say so` };
}

/** I13: whoever may succeed alone holds what is acknowledged. */
function findSuccessorWithout({ control, others }: AtAcknowledgement): Violation | undefined {
  const { nodeId, term, ackSet } = control;
  const successor = others.find(
    (other) =>
      other.owner === nodeId &&
      other.term === term &&
      other.mode === "pair" &&
      other.certificate?.complete === true &&
      other.ackSet.includes(other.nodeId) &&
      !ackSet.includes(other.nodeId),
  );
  if (successor === undefined) return undefined;
  const says = `${nodeId} acknowledged without ${successor.nodeId}, which may succeed it alone`;
  return { rule: "I13", says };
}

/** I13: the witness knew that a member was dropped before anything was acknowledged without it. */
function findUnknownNarrowing(at: AtAcknowledgement): Violation | undefined {
  const { control, witness, controlOf } = at;
  const { nodeId, term, ackSet, mode, switching } = control;
  const { record } = witness;
  if (mode !== "witness" || switching !== null || record === null) return undefined;
  if (record.term !== term || record.owner !== nodeId) return undefined;
  const around = { before: control, after: control, witness, isDeclined: false, controlOf };
  const left = record.ackSet.filter((id) => id !== nodeId && !ackSet.includes(id));
  const member = left.find((id) => maySucceed(around, id));
  if (member === undefined) return undefined;
  const says = `${nodeId} acknowledged without ${member}, which the witness still counts`;
  return { rule: "I13", says };
}

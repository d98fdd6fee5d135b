import type { NodeId } from "../../base/identity.ts";
import type { ControlRecord } from "../control-record.ts";
import type { PairRow } from "../types.ts";
import { isSameSet } from "./arbitration.ts";
import { doubtedControl } from "./doubted-control.ts";
import type { PairAction } from "./event.ts";
import type { Found } from "./found.ts";
import {
  type Goal,
  type Machine,
  type PairState,
  type Peer,
  strangerPeer,
  unasked,
} from "./pair-state.ts";
import type { Step } from "./step.ts";
import { timersOf } from "./timing.ts";

/**
 * The first state after a start. The owner of the term resumes it with the next `start` number, and
 * obeys the ack set as recorded (R5: a restart never mints a term); everybody else is Standby.
 */
export function startPair(remembered: Found): Step {
  const found = believed(remembered);
  const { self, control, head, at, fault } = found;
  const actions: PairAction[] = [];
  const mayBeMain = found.kinds.get(self) !== "permanent";
  const isSound = control.incarnation !== null && fault === null;
  const isOwner = control.owner === self && isSound && mayBeMain;
  const resumed = isOwner
    ? { ...control, start: control.start + 1, certificate: null, highest: head }
    : erased(mayBeMain ? control : withoutClaims(control), fault !== null);
  if (resumed !== remembered.control) actions.push({ kind: "write-control", control: resumed });
  const committed = isOwner && isAlone(resumed, self) ? head.seq : found.committed;
  const state: PairState = {
    self,
    control: resumed,
    head,
    committed,
    machine: firstMachine({ ...found, control: resumed }, isOwner),
    machineSince: at,
    peers: new Map(found.partners.map((id): [NodeId, Peer] => [id, strangerPeer])),
    kinds: found.kinds,
    unprotected: isOwner ? unprotectedOf(found) : null,
    unrecorded: isOwner && !isRecorded(found),
    timers: timersOf(found.suspectAfter),
    arbitration: { ...unasked, goal: firstGoal(resumed, isOwner) },
    offers: 0,
    switchingSince: at,
    granting: false,
    heartbeatAt: at,
    awakeSince: at,
  };
  return { state, actions };
}

/** Without a database there is nothing that a damaged slot could be measured by. */
function believed(found: Found): Found {
  const { control, fault, isDoubtful, recorded } = found;
  if (isDoubtful && recorded !== null) return { ...found, control: doubtedControl(found) };
  // The next write of the record puts the damaged slot right: what it may have named must outlast it.
  const lostName = control.incarnation === null && fault !== null;
  return control.lostName === lostName ? found : { ...found, control: { ...control, lostName } };
}

/** R9, R11: what the witness knows of us is asked before anything is done by our own memory. */
function firstGoal({ mode, candidacy, handover }: ControlRecord, isOwner: boolean): Goal | null {
  if (candidacy !== null || (mode === "witness" && isOwner && handover !== null)) {
    return { kind: "settle" };
  }
  return mode === "witness" && isOwner ? { kind: "renew" } : null;
}

/** HS14: whatever wrote them, a permanent Standby follows no claim of its own to a term. */
function withoutClaims(control: ControlRecord): ControlRecord {
  const { owner, nodeId, candidacy, handover } = control;
  if (owner !== nodeId && candidacy === null && handover === null) return control;
  return {
    ...control,
    owner: owner === nodeId ? null : owner,
    candidacy: null,
    handover: null,
    certificate: null,
  };
}

/** Nothing vouches for a database that cannot be used, nor for what is put in its place (R8). */
function erased(control: ControlRecord, isUnusable: boolean): ControlRecord {
  const vouches = isUnusable && control.certificate !== null;
  return vouches ? { ...control, certificate: null } : control;
}

function isAlone(control: ControlRecord, self: NodeId): boolean {
  return control.ackSet.every((member) => member === self);
}

/** A crash may come between the control record and the entry that tells of it (HS19). */
function isRecorded({ control, recorded }: Found): boolean {
  const isSameTerm = recorded?.term === control.term && recorded.owner === control.owner;
  return isSameTerm && isSameSet(recorded.ackSet, control.ackSet);
}

function unprotectedOf({ self, control, recorded, now }: Found): PairRow["unprotected"] {
  if (!isAlone(control, self)) return null;
  if (recorded === null || isSameSet(recorded.ackSet, control.ackSet)) {
    return recorded?.unprotected ?? null;
  }
  return { since: now, reason: "this server went on alone and stopped before it could say why" };
}

function firstMachine(found: Found, isOwner: boolean): Machine {
  const { control, fault } = found;
  if (fault) return { duty: "none", phase: "invalid", ...fault };
  if (control.incarnation === null) return { duty: "none", phase: "blank" };
  if (!isOwner && control.candidacy !== null) {
    const ackSet = [found.self];
    const by = "takeover";
    return { duty: "standby", phase: "candidate", since: found.at, by, round: 0, ackSet };
  }
  if (!isOwner && control.maintenance !== null) return { duty: "standby", phase: "maintenance" };
  if (!isOwner) return { duty: "standby", phase: "connecting" };
  if (control.handover !== null) {
    // The target may have taken the term: only its word ends the drain.
    return {
      duty: "main",
      phase: "draining",
      to: control.handover.to,
      since: found.at,
      offered: true,
    };
  }
  return { duty: "main", phase: "serving", admitting: null };
}

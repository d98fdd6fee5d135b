import type { NodeId } from "../../base/identity.ts";
import { assert } from "../../base/result.ts";
import type { ArbiterAnswer, ArbiterEntry, ArbiterRecord, ArbiterRequest } from "../arbiter.ts";
import type { ArbiterTrouble, Arbitration, Goal, PairState } from "./pair-state.ts";
import { timing } from "./timing.ts";
import { act, keep, type Turn } from "./turn.ts";

/**
 * Talk with the witness: one goal, one question at a time. An answer that was lost is settled by
 * reading and asking afresh, never by waiting (R9): what was asked before then names an old version.
 */

/** What an answer means to whoever asked. */
export type Heard =
  /** The goal is reached, and the register says so. */
  | { readonly kind: "reached"; readonly goal: Goal; readonly record: ArbiterRecord }
  /** The register, read or found to be another than thought; the goal is still asked for. */
  | { readonly kind: "record"; readonly record: ArbiterRecord; readonly isConflict: boolean }
  | { readonly kind: "trouble" }
  | { readonly kind: "nothing" };

/** A member that leaves comes before one that is added, and both before the mere record. */
const weight = { renew: 0, widen: 1, narrow: 2, succeed: 3, settle: 4 } as const;

export function aimFor(turn: Turn, goal: Goal): void {
  const { goal: present } = turn.state.arbitration;
  if (present !== null && weight[present.kind] >= weight[goal.kind]) return;
  setArbitration(turn, { goal, askAt: turn.clocks.at });
  pursue(turn);
}

/** Whatever was aimed for: now this, or nothing. */
export function aimOnlyFor(turn: Turn, goal: Goal | null): void {
  setArbitration(turn, { goal, askAt: turn.clocks.at });
  pursue(turn);
}

/** Time passed: what nobody answers is asked anew. */
export function watchQuestion(turn: Turn): void {
  const { asked } = turn.state.arbitration;
  if (asked !== null && turn.clocks.at - asked.at > timing.unanswered) {
    setArbitration(turn, { asked: null });
    stumble(turn, "silent");
  }
  pursue(turn);
}

/** Asks, unless a question is open or the time has not come. */
export function pursue(turn: Turn): void {
  const { arbitration } = turn.state;
  const { goal, asked, record } = arbitration;
  if (goal === null || asked !== null || turn.clocks.at < arbitration.askAt) return;
  if (record === null) return ask(turn, { kind: "read" });
  if (goal.kind === "succeed") {
    // Before it is asked for: a crash must not forget that the term may be ours (R9).
    const candidacy = turn.state.control.term + 1;
    if (turn.state.control.candidacy !== candidacy) keep(turn, { candidacy });
  }
  ask(turn, { kind: "cas", version: record.version, next: entryFor(turn, goal, record) });
}

function ask(turn: Turn, request: ArbiterRequest): void {
  const { goal, nextId: id } = turn.state.arbitration;
  const asked = { id, goal, isRead: request.kind === "read", at: turn.clocks.at };
  setArbitration(turn, { asked, nextId: id + 1 });
  act(turn, { kind: "ask-arbiter", id, request });
}

function entryFor({ state }: Turn, goal: Goal, record: ArbiterRecord): ArbiterEntry {
  const { control, self, head, machine } = state;
  assert(control.systemId !== null, "only a member of a system asks its witness");
  const ours = { systemId: control.systemId, owner: self, floor: head };
  switch (goal.kind) {
    case "narrow": {
      const ackSet = listedIn(state, record).filter((member) => member !== goal.member);
      return { ...ours, term: control.term, ackSet };
    }
    case "widen":
    case "renew":
      return { ...ours, term: control.term, ackSet: listedIn(state, record) };
    case "succeed": {
      const ackSet = "ackSet" in machine ? machine.ackSet : [self];
      return { ...ours, term: control.term + 1, ackSet };
    }
    case "settle": {
      const { systemId, term, owner, ackSet, floor } = record;
      return { systemId, term, owner, ackSet, floor };
    }
  }
}

/** Notes an answer, and says what it means. */
export function hearArbiter(
  turn: Turn,
  id: number,
  answer: ArbiterAnswer | { readonly kind: "silent" },
): Heard {
  const { asked, goal } = turn.state.arbitration;
  if (asked?.id !== id) return { kind: "nothing" };
  setArbitration(turn, { asked: null });
  if (!("record" in answer)) return stumble(turn, answer.kind);
  const { record } = answer;
  if (record.systemId !== turn.state.control.systemId) return stumble(turn, "other-system");
  if (record.version < turn.state.control.arbiterVersion) return stumble(turn, "older");
  setArbitration(turn, { record, trouble: null });
  const control = { ...turn.state.control, arbiterVersion: record.version };
  turn.state = { ...turn.state, control };
  const isWritten = answer.kind === "record" && !asked.isRead;
  if (!isWritten) return { kind: "record", record, isConflict: answer.kind !== "record" };
  if (goal === null || asked.goal !== goal) return { kind: "record", record, isConflict: false };
  setArbitration(turn, { goal: null });
  return { kind: "reached", goal, record };
}

/** Nothing certain is known any more: the next question is a read. */
function stumble(turn: Turn, why: ArbiterTrouble): Heard {
  const { trouble } = turn.state.arbitration;
  const { at } = turn.clocks;
  setArbitration(turn, {
    record: null,
    trouble: trouble?.why === why ? trouble : { why, since: at },
    askAt: at + timing.askAgain,
  });
  return { kind: "trouble" };
}

/** As Main in witness mode: the register is brought to what we obey, and knows where we are. */
export function keepRegister(turn: Turn): void {
  const { arbitration, control, machine, head } = turn.state;
  if (control.mode !== "witness" && control.switching !== "witness") return;
  if (machine.duty !== "main" || machine.phase === "draining") return;
  const { record, goal } = arbitration;
  if (goal !== null) return;
  const isCurrent = record !== null && isOurs(turn, record);
  const isNoted = isCurrent && record.floor.seq === head.seq;
  if (isCurrent && (isNoted || turn.clocks.at < arbitration.askAt + timing.floor)) return;
  aimFor(turn, { kind: "renew" });
}

/** Says the register exactly what this Main obeys? */
export function isOurs({ state }: Turn, record: ArbiterRecord): boolean {
  const { control, self } = state;
  return (
    record.term === control.term &&
    record.owner === self &&
    isSameSet(record.ackSet, listedIn(state, record))
  );
}

/**
 * Whom the register is to list. Who counts only because a slot of the record was lost may have been
 * dropped, and lack what was acknowledged then: it is listed again when it holds all that is in
 * doubt (R17), else it would be given the term without it.
 */
function listedIn({ control, self, peers }: PairState, record: ArbiterRecord): readonly NodeId[] {
  const { term, ackSet, doubtedUpTo } = control;
  if (doubtedUpTo === 0 || record.term !== term || record.owner !== self) return ackSet;
  return ackSet.filter((member) => {
    const isSure = member === self || record.ackSet.includes(member);
    return isSure || (peers.get(member)?.acked?.seq ?? 0) >= doubtedUpTo;
  });
}

export function isSameSet(left: readonly NodeId[], right: readonly NodeId[]): boolean {
  return left.length === right.length && left.every((member) => right.includes(member));
}

function setArbitration(turn: Turn, patch: Partial<Arbitration>): void {
  turn.state = { ...turn.state, arbitration: { ...turn.state.arbitration, ...patch } };
}

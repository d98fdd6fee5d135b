import type { NodeId } from "../../base/identity.ts";
import type { ArbiterRecord } from "../arbiter.ts";
import { aimOnlyFor, type Heard } from "./arbitration.ts";
import type { PairMessage } from "./message.ts";
import type { Candidate } from "./pair-state.ts";
import { doubtCertificate } from "./term.ts";
import { takeGranted, takeTerm, wasSilent } from "./take-term.ts";
import { timing } from "./timing.ts";
import { act, become, isComplete, keep, lifelessness, peerOf, say, type Turn } from "./turn.ts";

/**
 * A silent Main is succeeded without an operator only by a complete member of its recorded ack set
 * (R4), by the right that the Main itself gave it: alone in pair mode, with a witness's leave else.
 */
export function onStandbyTick(turn: Turn): void {
  const { machine, control, timers } = turn.state;
  if (machine.duty !== "standby") return;
  if (machine.phase === "candidate") return watchCandidacy(turn, machine);
  if (machine.phase === "synchronising" || control.mode === "manual") return;
  if (control.owner === null || !isComplete(turn.state)) return;
  const silence = lifelessness(turn.state, control.owner, turn.clocks.at);
  if (silence === null || silence <= timers.suspect) return;
  if (control.mode === "witness") return beCandidate(turn, "takeover", [turn.state.self]);
  const unprotected = { since: turn.clocks.now, reason: wasSilent(control.owner) };
  const ackSet = [turn.state.self];
  takeTerm(turn, { term: control.term + 1, by: "takeover", ackSet, unprotected });
}

/** R6: from here on nothing of the old Main is taken, before anything is asked. */
export function beCandidate(
  turn: Turn,
  by: Candidate["by"],
  ackSet: readonly NodeId[],
  round = 0,
): void {
  become(turn, { duty: "standby", phase: "candidate", since: turn.clocks.at, by, round, ackSet });
  aimOnlyFor(turn, { kind: "succeed" });
}

function watchCandidacy(turn: Turn, { by, since }: Candidate): void {
  const isLate = turn.clocks.at - since > timing.promotion;
  if (by === "promotion" && isLate && isStillWanted(turn)) {
    const detail = "the witness does not answer";
    act(turn, { kind: "order-refused", code: "pair.witness-silent", detail });
    return giveUp(turn);
  }
}

/** R6: of the old Main only this counts, that it lives or that it takes its offer back. */
export function hearMainAsCandidate(
  turn: Turn,
  candidate: Candidate,
  from: NodeId,
  message: PairMessage,
): void {
  const { owner, term } = turn.state.control;
  if (owner !== from) return;
  const isAlive = message.kind === "hello" || message.kind === "heartbeat";
  if (isAlive && message.duty === "main") return standDown(turn, candidate);
  if (message.kind === "handover-cancel" && message.term > term) giveUp(turn);
}

/** The old Main lives: what was not asked yet is dropped, what was is settled. */
function standDown(turn: Turn, candidate: Candidate): void {
  if (candidate.by === "changeover" || !isStillWanted(turn)) return;
  if (candidate.by === "promotion") {
    const detail = "the Main answers";
    act(turn, { kind: "order-refused", code: "pair.main-answers", detail });
  }
  giveUp(turn);
}

function isStillWanted({ state }: Turn): boolean {
  return state.arbitration.goal?.kind === "succeed";
}

/** No more wanted; but the term may have been granted in an answer that was lost. */
function giveUp(turn: Turn): void {
  if (turn.state.control.candidacy !== null) return aimOnlyFor(turn, { kind: "settle" });
  aimOnlyFor(turn, null);
  endCandidacy(turn);
}

function endCandidacy(turn: Turn): void {
  const { machine, control } = turn.state;
  if (machine.duty !== "standby" || machine.phase !== "candidate") return;
  if (control.candidacy !== null) keep(turn, { candidacy: null });
  become(turn, { duty: "standby", phase: "connecting" });
  doubtOtherVersion(turn);
  if (machine.by !== "changeover" || control.owner === null) return;
  if (!peerOf(turn, control.owner).linkUp) return;
  const reason = "the witness did not record the hand-over";
  const { round } = machine;
  say(turn, control.owner, { kind: "handover-refused", term: control.term + 1, round, reason });
}

/** R16: what a candidate heard of its Main counts when nothing is asked of the witness any more. */
function doubtOtherVersion(turn: Turn): void {
  const { owner } = turn.state.control;
  if (owner === null || peerOf(turn, owner).incompatible !== "other-version") return;
  doubtCertificate(turn, owner);
}

/** What a candidate makes of the witness's answer. */
export function hearAsCandidate(turn: Turn, candidate: Candidate, heard: Heard): void {
  switch (heard.kind) {
    case "nothing":
      return;
    case "trouble":
      // One try: the Main waits for our word, and can settle it by itself.
      if (candidate.by === "changeover" && isStillWanted(turn)) giveUp(turn);
      return;
    case "record":
      noteDropped(turn, heard.record);
      return weighAsCandidate(turn, candidate, heard);
    case "reached":
      if (heard.goal.kind === "succeed") return takeGranted(turn, heard.record, candidate.by);
      noteDropped(turn, heard.record);
      return endCandidacy(turn);
  }
}

/** R4: changes are acknowledged without us, whatever we asked for; the Main may never say it. */
function noteDropped(turn: Turn, { term, ackSet }: ArbiterRecord): void {
  const { control, self } = turn.state;
  const { certificate } = control;
  if (term < control.term || ackSet.includes(self) || certificate?.complete !== true) return;
  keep(turn, { certificate: { ...certificate, complete: false } });
}

function weighAsCandidate(
  turn: Turn,
  candidate: Candidate,
  { record, isConflict }: Heard & { readonly kind: "record" },
): void {
  const { control, self } = turn.state;
  if (record.owner === self && record.term === control.candidacy) {
    return takeGranted(turn, record, candidate.by);
  }
  if (record.term < control.term) return; // Not kept up: no right can come from it yet.
  const isOurMain = record.term === control.term && record.owner === control.owner;
  const isWithdrawn = candidate.by === "changeover" && isConflict;
  if (isOurMain && record.ackSet.includes(self) && !isWithdrawn) return;
  if (isStillWanted(turn)) refuse(turn, candidate);
}

/** Changes were acknowledged without us, or the offer was taken back: nothing was granted. */
function refuse(turn: Turn, candidate: Candidate): void {
  aimOnlyFor(turn, null);
  if (candidate.by === "promotion") {
    const detail = "the witness knows that changes were acknowledged without this server";
    act(turn, { kind: "order-refused", code: "pair.incomplete", detail });
  }
  endCandidacy(turn);
}

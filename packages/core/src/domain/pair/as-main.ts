import type { NodeId } from "../../base/identity.ts";
import type { ArbiterRecord } from "../arbiter.ts";
import { type Position, samePosition } from "../entry.ts";
import { placesBetween } from "./find-fork.ts";
import {
  findLateness,
  howToNarrow,
  leftFor,
  letGo,
  resumeChanges,
  watchMember,
  widen,
} from "./ack-set.ts";
import { aimFor, aimOnlyFor, type Heard, isOurs, keepRegister } from "./arbitration.ts";
import type { PairMessage } from "./message.ts";
import { onRightsKept, tellRight, watchGrants, watchRights } from "./mode.ts";
import type { Draining, Goal, Serving } from "./pair-state.ts";
import { recordLate } from "./record-late.ts";
import { stopBoth } from "./term.ts";
import { admissionLag, entriesPerMessage, timing } from "./timing.ts";
import {
  act,
  become,
  commitUpTo,
  isMember,
  isPermanent,
  keep,
  peerOf,
  say,
  sayHello,
  setPeer,
  type Turn,
} from "./turn.ts";

/** How far ahead of its acks a following Standby is fed. */
const windowEntries = 8 * entriesPerMessage;

export function hearAsMain(turn: Turn, from: NodeId, message: PairMessage): void {
  switch (message.kind) {
    case "hello":
      // Whoever introduces itself asks who is Main; our answer makes it follow.
      return sayHello(turn, from);
    case "heartbeat":
      return;
    case "follow":
      return onFollow(turn, from, message);
    case "compare":
      return sayForked(turn, from, placesBetween(turn.history, turn.state.head, message));
    case "ack":
      return onAck(turn, from, message.head);
    case "proof":
      return onProof(turn, from, message);
    case "leaving":
      // Until it asks to follow again: people read whether it does.
      setPeer(turn, from, { acked: null });
      letGo(turn, from, leftFor(from, message.reason));
      return advance(turn);
    case "rights-kept":
      return onRightsKept(turn, from, message);
    case "handover-refused":
      return onHandoverRefused(turn, from, message);
    case "entries":
    case "forked":
    case "prove":
    case "admit":
    case "rights":
    case "handover":
    case "handover-cancel":
      // Said by a Main; in our own term nobody else is one.
      break;
  }
}

/** Compare, decide, never overwrite silently (research §2.9). */
function onFollow(
  turn: Turn,
  from: NodeId,
  { head: theirs, owner }: PairMessage & { readonly kind: "follow" },
): void {
  const { state, history } = turn;
  if (peerOf(turn, from).snapshotting) return;
  const known = history.hashAt(theirs.seq);
  const isOlder = known === undefined && theirs.seq < history.first();
  if (theirs.seq === 0 || (isOlder && !isElsewhere(turn, theirs, owner))) {
    setPeer(turn, from, { snapshotting: true });
    return act(turn, { kind: "send-snapshot", to: from });
  }
  if (known === theirs.hash) {
    setPeer(turn, from, { acked: theirs, sent: theirs.seq, lateSince: null });
    say(turn, from, {
      kind: "entries",
      term: state.control.term,
      entries: [],
      committed: state.committed,
    });
    feed(turn, from);
    return advance(turn);
  }
  // What only a permanent Standby holds it sets aside: it can never be Main, so nobody waits for it.
  const mayBeMain = !isPermanent(state, from);
  const isOurTerm = theirs.term === state.control.term;
  if (mayBeMain && isOurTerm && theirs.seq > state.head.seq) {
    // It holds changes of our own term that we do not: we lost data, and overwrite nobody (I18).
    return become(turn, {
      duty: "main",
      phase: "read-only",
      code: "pair.behind-standby",
      text: "The Standby holds changes of this term that this server has lost.",
    });
  }
  sayForked(turn, from, null);
}

/**
 * Of a place that is kept no longer, its term still tells whether it is in our history: not after
 * the end of the term, not in one of which we know nothing, and not in one of the same number that
 * another server took, when two operators promoted both.
 */
function isElsewhere(
  { history }: Turn,
  { term, seq, hash }: Position,
  owner: NodeId | null,
): boolean {
  const end = history.terms().find((each) => each.term === term);
  if (owner !== null && history.ownerOf(term) !== owner) return true;
  return end === undefined || seq > end.seq || (seq === end.seq && hash !== end.hash);
}

function sayForked(turn: Turn, to: NodeId, between: readonly Position[] | null): void {
  const { term } = turn.state.control;
  say(turn, to, { kind: "forked", term, points: turn.history.terms(), between });
}

/** Sends what the partner lacks, within its window. */
function feed(turn: Turn, to: NodeId): void {
  const peer = peerOf(turn, to);
  if (peer.acked === null) return;
  // A permanent Standby gets what is acknowledged: no takeover leaves it with a tail of its own.
  const end = isPermanent(turn.state, to) ? turn.state.committed : turn.state.head.seq;
  const upTo = Math.min(end, peer.acked.seq + windowEntries);
  let sent = peer.sent;
  while (sent < upTo) {
    const last = Math.min(sent + entriesPerMessage, upTo);
    act(turn, { kind: "send-entries", to, from: sent + 1, upTo: last });
    sent = last;
  }
  const isLate = peer.acked.seq < turn.state.head.seq;
  const lateSince = isLate ? (peer.lateSince ?? turn.clocks.at) : null;
  setPeer(turn, to, { sent, lateSince });
}

export function onAppended(turn: Turn, head: Position): void {
  turn.state = { ...turn.state, head };
  if (turn.state.machine.duty !== "main") return;
  // A Main alone makes it visible first: what it sends says how far that is (I10).
  advance(turn);
  for (const id of turn.state.peers.keys()) feed(turn, id);
}

function onAck(turn: Turn, from: NodeId, head: Position): void {
  const peer = peerOf(turn, from);
  // It signed off while what we had sent before was on its way, and takes that for an answer.
  if (peer.acked === null) return sayHello(turn, from);
  if (turn.history.hashAt(head.seq) !== head.hash) return;
  if (head.seq < peer.acked.seq) return;
  setPeer(turn, from, { acked: head, lateSince: null });
  feed(turn, from);
  advance(turn);
  admit(turn, from);
}

/** R1: a change is acknowledged only when durable on every member of the recorded ack set. */
function advance(turn: Turn): void {
  const { control, self, head, machine, committed } = turn.state;
  let durable = head.seq;
  for (const member of control.ackSet) {
    if (member !== self) durable = Math.min(durable, peerOf(turn, member).acked?.seq ?? 0);
  }
  commitUpTo(turn, durable);
  if (turn.state.committed > committed) feedPermanent(turn);
  if (machine.duty === "main" && machine.phase === "draining") offer(turn, machine);
}

function feedPermanent(turn: Turn): void {
  for (const id of turn.state.peers.keys()) {
    if (!isPermanent(turn.state, id)) continue;
    feed(turn, id);
    prove(turn, id);
  }
}

/** Once nothing is under way, the term is offered; from here this server acknowledges nothing. */
export function offer(turn: Turn, machine: Draining): void {
  const { control, head, committed, arbitration } = turn.state;
  const { to } = machine;
  if (machine.offered || committed < head.seq) return;
  // What we asked of the witness before is answered first: it would cross the target's question.
  if (arbitration.asked !== null) return;
  const term = control.term + 1;
  const round = turn.state.offers + 1;
  keep(turn, { handover: { term, to } });
  turn.state = { ...turn.state, offers: round, machine: { ...machine, offered: true } };
  const { ackSet, mode } = control;
  say(turn, to, { kind: "handover", term, round, head, ackSet, mode });
}

/** A Standby that caught up is proved, then added: widen early, narrow late (R2, R3). */
function admit(turn: Turn, id: NodeId): void {
  const { machine, head, committed } = turn.state;
  const { acked } = peerOf(turn, id);
  if (isPermanent(turn.state, id)) return prove(turn, id);
  if (machine.duty !== "main" || machine.phase !== "serving" || acked === null) return;
  if (!mayAdmit(turn, machine, id) || head.seq - acked.seq > admissionLag) return;
  const until = turn.clocks.at + timing.admission;
  const admitting = machine.admitting ?? { peer: id, until, asked: false };
  const asks = !admitting.asked && samePosition(acked, head) && committed === head.seq;
  setAdmitting(turn, machine, { ...admitting, asked: admitting.asked || asks });
  if (!asks) return;
  const { term } = turn.state.control;
  say(turn, id, { kind: "prove", term, position: head, digest: turn.history.digest() });
}

/**
 * HS14: no change waits for a permanent Standby, so it is proved in passing, between two changes:
 * what was sent before arrives before. It certifies itself, and counts for nothing here.
 */
function prove(turn: Turn, id: NodeId): void {
  const { head, control } = turn.state;
  const { acked, sent, complete, admitAfter } = peerOf(turn, id);
  if (acked === null || sent < head.seq || complete || turn.clocks.at < admitAfter) return;
  setPeer(turn, id, { admitAfter: turn.clocks.at + 2 * timing.admission });
  const digest = turn.history.digest();
  say(turn, id, { kind: "prove", term: control.term, position: head, digest });
}

function mayAdmit(turn: Turn, { admitting }: Serving, id: NodeId): boolean {
  const { control } = turn.state;
  if (admitting !== null && admitting.peer !== id) return false;
  const peer = peerOf(turn, id);
  // A member that lost its certificate (its `admit` was cut off, or it was Main) is proved again.
  const isDone = control.ackSet.includes(id) && peer.complete;
  const hasRoom = control.mode !== "pair" || control.ackSet.length < 2;
  const fits = control.ackSet.includes(id) || hasRoom;
  const isFree = control.handover === null && isMember(turn.state, id);
  return isFree && !isDone && fits && turn.clocks.at >= peer.admitAfter;
}

function setAdmitting(turn: Turn, machine: Serving, admitting: Serving["admitting"]): void {
  turn.state = { ...turn.state, machine: { ...machine, admitting } };
}

function onProof(turn: Turn, from: NodeId, proof: PairMessage & { readonly kind: "proof" }): void {
  const { machine, control, head } = turn.state;
  if (machine.duty !== "main" || machine.phase !== "serving") return;
  if (machine.admitting?.peer !== from || !machine.admitting.asked) return;
  setAdmitting(turn, machine, null);
  if (!isMember(turn.state, from)) return; // Removed since it was asked.
  const isSame = samePosition(proof.position, head) && proof.digest === turn.history.digest();
  if (!isSame) return setPeer(turn, from, { admitAfter: turn.clocks.at + timing.holdOff });
  // Its own word that it is complete follows.
  setPeer(turn, from, { admitAfter: turn.clocks.at + 2 * timing.admission });
  widen(turn, from);
  const { record } = turn.state.arbitration;
  const isKnown = record !== null && isOurs(turn, record);
  if (control.mode === "witness" && !isKnown) return aimFor(turn, { kind: "widen", member: from });
  certify(turn, from);
}

/** It counts and is told so; its right to succeed us is told anew. */
function certify(turn: Turn, id: NodeId): void {
  const { term, ackSet } = turn.state.control;
  const { rights } = peerOf(turn, id);
  setPeer(turn, id, { rights: { ...rights, told: null, kept: null } });
  say(turn, id, { kind: "admit", term, ackSet });
  tellRight(turn, id); // At once: a Main that dies now is succeeded.
}

/** Our own question to the witness was answered. */
export function hearArbiterAsMain(turn: Turn, heard: Heard): void {
  if (heard.kind === "record") weighAsMain(turn, heard.record);
  if (heard.kind === "reached") reach(turn, heard.goal);
  advance(turn);
}

function reach(turn: Turn, goal: Goal): void {
  const { control } = turn.state;
  switch (goal.kind) {
    case "narrow":
      // Asked before a switch of the mode began: nobody is dropped in one, nor in pair mode (R4).
      if (howToNarrow(control) !== "by the witness") return;
      return letGo(turn, goal.member, goal.reason);
    case "widen":
      if (control.ackSet.includes(goal.member)) certify(turn, goal.member);
      return;
    case "settle":
      return takeBack(turn);
    case "renew":
    case "succeed":
      break;
  }
}

/** The offered term can be taken no more: this Main goes on. */
function takeBack(turn: Turn): void {
  const { machine } = turn.state;
  keep(turn, { handover: null });
  if (machine.duty !== "main" || machine.phase !== "draining") return;
  become(turn, { duty: "main", phase: "serving", admitting: null });
  if (peerOf(turn, machine.to).linkUp) sayHello(turn, machine.to);
}

/** Our own term, as the witness knows it: another owner, or a place that we no longer hold? */
function weighAsMain(turn: Turn, record: ArbiterRecord): void {
  const { control, head, self } = turn.state;
  if (record.term !== control.term) return;
  if (record.owner !== self) return void stopBoth(turn, record.owner, record.owner);
  if (record.floor.term !== control.term || record.floor.seq <= head.seq) return;
  aimOnlyFor(turn, null);
  become(turn, {
    duty: "main",
    phase: "read-only",
    code: "pair.behind-witness",
    text: "The witness knows of changes of this term that this server has lost.",
  });
}

export function onMainTick(turn: Turn): void {
  const { machine, control, self } = turn.state;
  const { at } = turn.clocks;
  if (machine.duty !== "main") return;
  watchGrants(turn);
  if (machine.phase === "draining") return watchDrain(turn, machine);
  if (machine.phase === "serving" && turn.state.unrecorded) recordLate(turn);
  if (machine.phase === "serving" && machine.admitting && at > machine.admitting.until) {
    setPeer(turn, machine.admitting.peer, { admitAfter: at + 2 * timing.admission });
    setAdmitting(turn, machine, null);
  }
  for (const member of control.ackSet) if (member !== self) watchMember(turn, member);
  spare(turn);
  resumeChanges(turn);
  for (const id of turn.state.peers.keys()) admit(turn, id);
  watchRights(turn);
  keepRegister(turn);
  advance(turn);
}

/** It answers again before the witness let it go: it stays, and what was asked is void. */
function spare(turn: Turn): void {
  const { goal } = turn.state.arbitration;
  if (goal?.kind !== "narrow" || findLateness(turn, goal.member) !== undefined) return;
  if (peerOf(turn, goal.member).acked !== null) aimOnlyFor(turn, { kind: "renew" });
}

/** A cut link is not yet a lost partner: only the proof under way is void. */
export function onPeerLost(turn: Turn, id: NodeId): void {
  const { machine, arbitration } = turn.state;
  const { goal } = arbitration;
  // What it proved, the process at the other end of this connection proved: another may come (R3).
  if (goal?.kind === "widen" && goal.member === id) aimOnlyFor(turn, null);
  if (machine.duty !== "main" || machine.phase !== "serving") return;
  if (machine.admitting?.peer === id) setAdmitting(turn, machine, null);
}

function watchDrain(turn: Turn, machine: Draining): void {
  if (turn.clocks.at - machine.since < timing.drain) return;
  const detail = "the target did not take over within 10 s";
  if (!machine.offered) {
    become(turn, { duty: "main", phase: "serving", admitting: null });
    return act(turn, { kind: "order-refused", code: "pair.changeover-failed", detail });
  }
  // The target may have taken the term: only its own word, or the witness, can give this one back.
  if (turn.state.control.mode === "witness") aimOnlyFor(turn, { kind: "settle" });
  const term = turn.state.control.term + 1;
  turn.state = { ...turn.state, machine: { ...machine, since: turn.clocks.at } };
  const { offers: round } = turn.state;
  if (peerOf(turn, machine.to).linkUp) {
    say(turn, machine.to, { kind: "handover-cancel", term, round });
  }
  act(turn, { kind: "order-refused", code: "pair.changeover-unknown", detail });
}

function onHandoverRefused(
  turn: Turn,
  from: NodeId,
  message: PairMessage & { readonly kind: "handover-refused" },
): void {
  const { machine, control } = turn.state;
  if (control.handover?.term !== message.term || control.handover.to !== from) return;
  // An answer to an offer that was taken back before: the one of now may be accepted yet.
  if (message.round !== turn.state.offers) return;
  keep(turn, { handover: null });
  if (machine.duty !== "main" || machine.phase !== "draining") return;
  become(turn, { duty: "main", phase: "serving", admitting: null });
  act(turn, { kind: "order-refused", code: "pair.changeover-failed", detail: message.reason });
  sayHello(turn, from);
}

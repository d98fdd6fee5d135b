import type { NodeId } from "../../base/identity.ts";
import type { Millis } from "../../base/time.ts";
import type { ControlRecord } from "../control-record.ts";
import { aimFor } from "./arbitration.ts";
import { type Peer, strangerPeer } from "./pair-state.ts";
import { recordChange } from "./record-late.ts";
import { timing } from "./timing.ts";
import { become, keep, peerOf, sayHello, setPeer, silenceOf, type Turn } from "./turn.ts";

/** Widen early (R2): recorded here before the new member hears that it counts. */
export function widen(turn: Turn, id: NodeId): void {
  const { control } = turn.state;
  if (control.ackSet.includes(id)) return;
  const ackSet = [...control.ackSet, id];
  keep(turn, { ackSet });
  turn.state = { ...turn.state, unprotected: null };
  recordChange(turn, "ack set");
}

/**
 * After D without its ack a member is given up. Without a witness not before it was heard since
 * our start (R11): it may own a higher term, and only the witness would know.
 */
export function watchMember(turn: Turn, member: NodeId): void {
  noteIdleness(turn, member);
  const reason = findLateness(turn, member);
  if (reason !== undefined) drop(turn, member, reason);
}

/** Who is heard but does not follow confirms nothing: it is late from when a change waits for it. */
function noteIdleness(turn: Turn, member: NodeId): void {
  const { peers, committed, head } = turn.state;
  const { acked, heardAt, lateSince } = peers.get(member) ?? strangerPeer;
  if (heardAt === null || acked !== null || lateSince !== null || committed >= head.seq) return;
  setPeer(turn, member, { lateSince: turn.clocks.at });
}

export function findLateness({ state, clocks }: Turn, member: NodeId): string | undefined {
  const { timers, awakeSince, control } = state;
  const { lateSince = null } = state.peers.get(member) ?? {};
  const unheard = control.mode === "witness" ? clocks.at - awakeSince : null;
  const silence = silenceOf(state, member, clocks.at) ?? unheard;
  if (silence === null) return undefined;
  const limit = `${timers.giveUp / 1_000} s`;
  if (silence > timers.giveUp) return `had not answered for ${limit}`;
  const isLate = lateSince !== null && clocks.at - Math.max(lateSince, awakeSince) > timers.giveUp;
  return isLate ? `had not confirmed a change for ${limit}` : undefined;
}

/** A member is silent or late: what becomes of the set is a matter of the mode (HS7). */
function drop(turn: Turn, member: NodeId, reason: string): void {
  if (!mayNarrow(turn, member)) return;
  switch (howToNarrow(turn.state.control)) {
    case "alone":
      return narrow(turn, member, `${member} ${reason}`);
    case "by the witness":
      return aimFor(turn, { kind: "narrow", member, reason: `${member} ${reason}` });
    case "never":
      return stopChanges(turn, reason);
  }
}

/** Why a member that signed off is missed. */
export function leftFor(member: NodeId, what: string): string {
  return `${member} signed off: ${what}`;
}

/** It signed off and durably left: it succeeds nobody, so no leave is needed to go on. */
export function letGo(turn: Turn, member: NodeId, reason: string): void {
  if (mayNarrow(turn, member)) narrow(turn, member, reason);
}

function mayNarrow({ state }: Turn, member: NodeId): boolean {
  const { control, machine } = state;
  const isFree = machine.duty === "main" && machine.phase !== "draining";
  return isFree && control.handover === null && control.ackSet.includes(member);
}

/** Whoever may narrow alone has a Standby that may not succeed alone, and the reverse (R4). */
export function howToNarrow({
  mode,
  switching,
}: ControlRecord): "alone" | "by the witness" | "never" {
  if (switching !== null || mode === "pair") return "never";
  return mode === "witness" ? "by the witness" : "alone";
}

/** The Standby may have succeeded us: without its word nothing can be acknowledged (pair mode). */
function stopChanges(turn: Turn, reason: string): void {
  const { machine } = turn.state;
  if (machine.duty !== "main" || machine.phase !== "serving") return;
  become(turn, {
    duty: "main",
    phase: "read-only",
    code: "pair.partner-silent",
    text: `The Standby ${reason}, and may have taken over.`,
  });
}

/** Every member answers again: changes go on. */
export function resumeChanges(turn: Turn): void {
  const { machine, control, self } = turn.state;
  if (machine.duty !== "main" || machine.phase !== "read-only") return;
  if (machine.code !== "pair.partner-silent") return;
  const others = control.ackSet.filter((member) => member !== self);
  if (others.some((id) => !isFollowing(turn, id) || findLateness(turn, id) !== undefined)) return;
  become(turn, { duty: "main", phase: "serving", admitting: null });
}

function isFollowing(turn: Turn, id: NodeId): boolean {
  const { linkUp, acked } = peerOf(turn, id);
  return linkUp && acked !== null;
}

/** Narrow late (R2): recorded here first, then journalled, then relied on. */
function narrow(turn: Turn, member: NodeId, reason: string): void {
  const { control } = turn.state;
  const ackSet = control.ackSet.filter((each) => each !== member);
  const unprotected = { since: turn.clocks.now, reason };
  keep(turn, { ackSet });
  const { at } = turn.clocks;
  const peer = peerOf(turn, member);
  setPeer(turn, member, isRefused(peer, at) ? { admitAfter: at } : heldOff(peer, at));
  turn.state = { ...turn.state, unprotected };
  // It hears first that it is complete no more (R8).
  if (peer.linkUp) sayHello(turn, member);
  recordChange(turn, "ack set");
}

/** CS9: one refuses the other's certificate. That is a setting and no line that flaps. */
function isRefused({ linkUp, aliveAt }: Peer, at: Millis): boolean {
  return !linkUp && aliveAt !== null && at - aliveAt <= timing.holdOff;
}

function heldOff({ admitAfter, dropped }: Peer, at: Millis): Partial<Peer> {
  // What stood for so long is no flapping line: a cut once a month is held off for 10 s each time.
  const before = at - admitAfter > timing.holdOffMost ? 0 : dropped;
  const holdOff = Math.min(timing.holdOff * 2 ** before, timing.holdOffMost);
  return { dropped: before + 1, admitAfter: at + holdOff };
}

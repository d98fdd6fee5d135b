import type { NodeId } from "../../base/identity.ts";
import type { Millis } from "../../base/time.ts";
import type { ControlRecord } from "../control-record.ts";
import type { Clocks, PairAction } from "./event.ts";
import { type PairMessage, pairVersion } from "./message.ts";
import {
  type HistoryView,
  type Machine,
  type PairState,
  type Peer,
  strangerPeer,
} from "./pair-state.ts";

/** One step being taken: the state so far and what the shell will have to do. */
export interface Turn {
  state: PairState;
  readonly actions: PairAction[];
  readonly clocks: Clocks;
  readonly history: HistoryView;
}

export function act(turn: Turn, action: PairAction): void {
  turn.actions.push(action);
}

export function say(turn: Turn, to: NodeId, message: PairMessage): void {
  act(turn, { kind: "send", to, message });
}

/** Changes what survives a crash. Durable before the next action. */
export function keep(turn: Turn, patch: Partial<ControlRecord>): void {
  const control: ControlRecord = { ...turn.state.control, highest: turn.state.head, ...patch };
  turn.state = { ...turn.state, control };
  act(turn, { kind: "write-control", control });
}

export function become(turn: Turn, machine: Machine): void {
  const granting = turn.state.granting && machine.duty === "main"; // Else it would answer a later order.
  turn.state = { ...turn.state, machine, machineSince: turn.clocks.at, granting };
}

export function peerOf(turn: Turn, id: NodeId): Peer {
  return turn.state.peers.get(id) ?? strangerPeer;
}

/** How long nothing was heard of a partner although we listened. null: never since our start. */
export function silenceOf({ peers, awakeSince }: PairState, id: NodeId, at: Millis): Millis | null {
  const heardAt = peers.get(id)?.heardAt ?? null;
  return heardAt === null ? null : at - Math.max(heardAt, awakeSince);
}

/** How long the partner gave no sign of life, a refusal among them. null: never heard (R11). */
export function lifelessness(state: PairState, id: NodeId, at: Millis): Millis | null {
  const silence = silenceOf(state, id, at);
  const aliveAt = state.peers.get(id)?.aliveAt ?? null;
  if (silence === null || aliveAt === null) return silence;
  return Math.min(silence, at - aliveAt);
}

export function setPeer(turn: Turn, id: NodeId, patch: Partial<Peer>): void {
  const peers = new Map(turn.state.peers);
  peers.set(id, { ...peerOf(turn, id), ...patch });
  turn.state = { ...turn.state, peers };
}

export function commitUpTo(turn: Turn, seq: number): void {
  if (seq <= turn.state.committed) return;
  turn.state = { ...turn.state, committed: seq };
  act(turn, { kind: "commit", seq });
}

export function sayHello(turn: Turn, to: NodeId): void {
  const { control, machine, head, committed, timers } = turn.state;
  say(turn, to, {
    kind: "hello",
    systemId: control.systemId,
    duty: machine.duty,
    term: control.term,
    owner: control.owner,
    head,
    committed,
    ackSet: control.ackSet,
    complete: isCertified(turn.state),
    version: pairVersion,
    suspectAfter: timers.suspect,
  });
}

export function heartbeatOf(state: PairState): PairMessage {
  const { control, machine, head, committed } = state;
  const { term, owner } = control;
  const complete = isCertified(state);
  return { kind: "heartbeat", term, owner, duty: machine.duty, head, committed, complete };
}

export function greetAll(turn: Turn): void {
  for (const [id, peer] of turn.state.peers) if (peer.linkUp) sayHello(turn, id);
}

/** HS14: it follows for ever and is never promoted, by nobody's word. */
export function isPermanent({ kinds }: Pick<PairState, "kinds">, id: NodeId): boolean {
  return kinds.get(id) === "permanent";
}

/** Still a server of the system, as our journal says? One without a journal cannot say no. */
export function isMember({ kinds }: Pick<PairState, "kinds">, id: NodeId): boolean {
  return kinds.size === 0 || kinds.has(id);
}

export function countPromotable({ kinds }: Pick<PairState, "kinds">): number {
  return [...kinds.values()].filter((kind) => kind === "promotable").length;
}

/** May this database be promoted without force? It was certified, in the set, and is still itself. */
export function isComplete(state: PairState): boolean {
  const { self, control } = state;
  return isCertified(state) && control.ackSet.includes(self) && !isPermanent(state, self);
}

/** Did a Main prove this database, and nothing say otherwise since? One in the set is complete too. */
export function isCertified(state: PairState): boolean {
  const { self, machine, control } = state;
  const { certificate, incarnation, ackSet } = control;
  return (
    machine.duty !== "none" &&
    certificate !== null &&
    certificate.complete &&
    certificate.incarnation === incarnation &&
    (ackSet.includes(self) || isPermanent(state, self))
  );
}

import type { NodeId } from "../../base/identity.ts";
import { hearArbiterAsMain, hearAsMain, onAppended, onMainTick, onPeerLost } from "./as-main.ts";
import {
  hearAsStandby,
  onDatabaseInvalid,
  onGenerationReady,
  onSnapshotBegun,
  onSnapshotFailed,
  onSnapshotProgress,
} from "./as-standby.ts";
import type { Clocks, PairAction, PairEvent } from "./event.ts";
import { hearArbiter, pursue, watchQuestion } from "./arbitration.ts";
import { orderMaintenance } from "./maintenance.ts";
import { orderMode } from "./mode.ts";
import { orderChangeover, orderPromote } from "./orders.ts";
import type { HistoryView, PairState } from "./pair-state.ts";
import { hearAsCandidate, onStandbyTick } from "./takeover.ts";
import { heed, learnTerm } from "./term.ts";
import {
  act,
  become,
  heartbeatOf,
  keep,
  peerOf,
  say,
  sayHello,
  setPeer,
  type Turn,
} from "./turn.ts";

export interface Step {
  readonly state: PairState;
  readonly actions: readonly PairAction[];
}

/** Everything that is written when an operator or a partner asks something of the pair. Pure. */
export function step(
  state: PairState,
  event: PairEvent,
  clocks: Clocks,
  history: HistoryView,
): Step {
  const kinds = history.kinds();
  const known = kinds === state.kinds ? state : { ...state, kinds };
  const turn: Turn = { state: known, actions: [], clocks, history };
  take(turn, event);
  return { state: turn.state, actions: turn.actions };
}

function take(turn: Turn, event: PairEvent): void {
  switch (event.kind) {
    case "tick":
      return onTick(turn);
    case "link-up":
      setPeer(turn, event.peer, { linkUp: true, acked: null, sent: 0, snapshotting: false });
      return sayHello(turn, event.peer);
    case "link-down":
      return onLinkDown(turn, event);
    case "message":
      return onMessage(turn, event);
    case "appended":
      return onAppended(turn, event.head);
    case "disk-full":
      return onDiskFull(turn);
    case "snapshot-begun":
      return onSnapshotBegun(turn, event.bytesTotal);
    case "snapshot-progress":
      return onSnapshotProgress(turn, event);
    case "generation-ready":
      return onGenerationReady(turn, event);
    case "snapshot-failed":
      return onSnapshotFailed(turn);
    case "snapshot-sent":
      return setPeer(turn, event.peer, { snapshotting: false });
    case "database-invalid":
      return onDatabaseInvalid(turn, event.code, event.text);
    case "order-changeover":
      return orderChangeover(turn, event.to, event.directionsOk);
    case "order-promote":
      return orderPromote(turn, event.force);
    case "order-mode":
      return orderMode(turn, event.mode, event.hasWitness);
    case "order-maintenance":
      return orderMaintenance(turn, event.isOn);
    case "partner-removed":
      return forgetPeer(turn, event.peer);
    case "partner-answered":
      return setPeer(turn, event.peer, { aliveAt: turn.clocks.at });
    case "arbiter-answered":
      return onArbiterAnswered(turn, event);
  }
}

function onTick(turn: Turn): void {
  noticeStandstill(turn);
  if (turn.state.machine.duty === "main") onMainTick(turn);
  else onStandbyTick(turn);
  watchQuestion(turn);
  const { timers, heartbeatAt } = turn.state;
  if (turn.clocks.at - heartbeatAt < timers.heartbeat) return;
  turn.state = { ...turn.state, heartbeatAt: turn.clocks.at };
  for (const [id, peer] of turn.state.peers) {
    if (peer.linkUp) say(turn, id, heartbeatOf(turn.state));
  }
}

/**
 * A process that was stopped wakes up with old timers, while what its partner said meanwhile still
 * waits on the socket, a higher term perhaps: it judges no silence that it did not listen to (R7).
 */
function noticeStandstill(turn: Turn): void {
  const { at } = turn.clocks;
  if (at - turn.state.heartbeatAt < turn.state.timers.standstill) return;
  turn.state = { ...turn.state, awakeSince: at };
}

function onLinkDown(
  turn: Turn,
  event: PairEvent & { readonly kind: "link-up" | "link-down" },
): void {
  const { machine, control } = turn.state;
  setPeer(turn, event.peer, { linkUp: false, acked: null, sent: 0, snapshotting: false });
  if (machine.duty === "main") onPeerLost(turn, event.peer);
  if (machine.duty !== "standby" || control.owner !== event.peer) return;
  // A snapshot in transfer ends by its own event, when the shell has put the pieces away.
  if (machine.phase === "following") become(turn, { duty: "standby", phase: "connecting" });
}

/** HS14: what it said last counts for nothing: no state names it, nobody waits for it. */
function forgetPeer(turn: Turn, id: NodeId): void {
  onPeerLost(turn, id);
  const peers = new Map(turn.state.peers);
  peers.delete(id);
  turn.state = { ...turn.state, peers };
}

function onMessage(turn: Turn, event: PairEvent & { readonly kind: "message" }): void {
  const { peer, message } = event;
  setPeer(turn, peer, { heardAt: turn.clocks.at });
  if (!heed(turn, peer, message)) return;
  const { duty } = turn.state.machine;
  if (duty === "main") hearAsMain(turn, peer, message);
  else if (duty === "standby" || duty === "fenced" || isWithoutPlace(turn)) {
    hearAsStandby(turn, peer, message);
  }
}

/** It has no place in the history of the system, and is waiting for one. */
function isWithoutPlace(turn: Turn): boolean {
  const { machine } = turn.state;
  return machine.duty === "none" && ["blank", "diverged"].includes(machine.phase);
}

/** A higher term fences, also when the witness tells of it (R7); the rest is a matter of duty. */
function onArbiterAnswered(
  turn: Turn,
  { id, answer }: PairEvent & { readonly kind: "arbiter-answered" },
): void {
  const heard = hearArbiter(turn, id, answer);
  const { machine, control, self } = turn.state;
  if (heard.kind === "record" && heard.record.owner !== self) {
    const { term, owner } = heard.record;
    if (term > control.term) return learnTerm(turn, term, owner);
  }
  if (machine.duty === "main") hearArbiterAsMain(turn, heard);
  if (machine.duty === "standby" && machine.phase === "candidate") {
    hearAsCandidate(turn, machine, heard);
  }
  pursue(turn);
}

/** The journal cannot grow: a Main stops changes, a Standby signs off so that its Main need not wait. */
function onDiskFull(turn: Turn): void {
  const { machine, control, self } = turn.state;
  if (machine.duty === "main") {
    return become(turn, {
      duty: "main",
      phase: "read-only",
      code: "disk.full",
      text: "The disk of the journal is full.",
    });
  }
  // A candidate writes nothing; its question to the witness must not be forgotten.
  if (machine.duty !== "standby" || control.owner === null) return;
  if (machine.phase === "candidate" || machine.phase === "maintenance") return;
  const ackSet = control.ackSet.filter((member) => member !== self);
  const certificate = control.certificate && { ...control.certificate, complete: false };
  keep(turn, { ackSet, certificate });
  become(turn, { duty: "standby", phase: "connecting" });
  if (peerOf(turn, control.owner).linkUp) {
    act(turn, {
      kind: "send",
      to: control.owner,
      message: { kind: "leaving", term: control.term, reason: "disk full" },
    });
  }
}

import { type NodeId, nodeId, requestId, systemId } from "../../base/identity.ts";
import type { Millis } from "../../base/time.ts";
import { blankControl, type ControlRecord } from "../control-record.ts";
import { type Entry, origin, type Position } from "../entry.ts";
import type { ServerKind } from "../types.ts";
import type { PairAction, PairEvent } from "./event.ts";
import type { PairMessage } from "./message.ts";
import {
  type HistoryView,
  type Machine,
  type PairState,
  type Peer,
  strangerPeer,
} from "./pair-state.ts";
import type { Found } from "./found.ts";
import { startPair } from "./start.ts";
import { step, type Step } from "./step.ts";
import { suspectAfter } from "./timing.ts";

export const serverA = nodeId("A");
export const serverB = nodeId("B");
export const serverC = nodeId("C");
export const noon = 1_000_000;
/** Of the state at any place: nobody reckons it here. */
export const digest = "d".repeat(64);

export const tick: PairEvent = { kind: "tick" };
export const promote: PairEvent = { kind: "order-promote", force: false };
export const force: PairEvent = { kind: "order-promote", force: true };
export const changeover = { kind: "order-changeover", to: serverB, directionsOk: true } as const;
export const following: Machine = { duty: "standby", phase: "following", lastAt: 0 };

/** A and B; where C is, it is a third that may be promoted, or a permanent one. */
export function kindsWith(third?: ServerKind): ReadonlyMap<NodeId, ServerKind> {
  const kinds = new Map<NodeId, ServerKind>([
    [serverA, "promotable"],
    [serverB, "promotable"],
  ]);
  return third === undefined ? kinds : kinds.set(serverC, third);
}

const pairKinds = kindsWith();

/** A place in a history: equal branches have equal hashes. */
export function at(seq: number, term = 1, branch = 0): Position {
  if (seq === 0) return origin;
  const hash = `${branch}${term}${String(seq).padStart(8, "0")}`.padStart(64, "0");
  return { term, start: 1, seq, hash };
}

export function aControl(changes: Partial<ControlRecord> = {}): ControlRecord {
  return {
    ...blankControl(serverA, systemId("ours")),
    incarnation: "first",
    term: 1,
    owner: serverA,
    start: 1,
    highest: at(5),
    ackSet: [serverA],
    ...changes,
  };
}

/** The control record of a Standby that was admitted by A. */
export function certified(changes: Partial<ControlRecord> = {}): ControlRecord {
  const certificate = {
    incarnation: "first",
    position: at(5),
    digest,
    complete: true,
    certifiedBy: serverA,
    at: noon,
  };
  return aControl({ nodeId: serverB, ackSet: [serverA, serverB], certificate, ...changes });
}

export function started(changes: Partial<Found> = {}): Step {
  const { self = serverA, control = aControl() } = changes;
  return startPair({
    self,
    control,
    head: at(5),
    committed: 5,
    partners: [self === serverA ? serverB : serverA],
    kinds: pairKinds,
    recorded: {
      term: control.term,
      owner: control.owner ?? self,
      by: "creation",
      since: noon,
      ackSet: control.ackSet,
      mode: control.mode,
      unprotected: null,
    },
    suspectAfter: suspectAfter.usual,
    isDoubtful: false,
    fault: null,
    at: 0,
    now: noon,
    ...changes,
  });
}

/** A history of one branch up to `head`, of entries of term 1. */
export function aHistory(head: Position, kinds = pairKinds): HistoryView {
  return {
    hashAt: (seq) => (seq <= head.seq ? at(seq).hash : undefined),
    placeAt: (seq) => (seq <= head.seq ? at(seq) : undefined),
    first: () => 1,
    terms: () => [head],
    ownerOf: () => serverA,
    digest: () => digest,
    kinds: () => kinds,
  };
}

/** A server taken through events, one after the other. */
export interface Played {
  readonly state: PairState;
  /** What the last event led to. */
  readonly actions: readonly PairAction[];
}

export function play(
  from: Played,
  events: readonly PairEvent[],
  time: Millis = 0,
  history: HistoryView = aHistory(from.state.head, from.state.kinds),
): Played {
  let played = from;
  for (const event of events) played = step(played.state, event, { at: time, now: noon }, history);
  return played;
}

/** Main A with B in its recorded set, following and heard. */
export function aProtectedMain(): Played {
  const { state } = started({ control: aControl({ ackSet: [serverA, serverB] }) });
  return withPeer({ state, actions: [] }, serverB, { acked: at(5), sent: 5, complete: true });
}

/** Standby B of A, certified and following. */
export function aValidStandby(control: ControlRecord = certified()): Played {
  const { state } = started({ self: serverB, control });
  return withPeer(withMachine({ state }, following), serverA, { duty: "main" });
}

/** The partner is connected and was heard just now. */
export function withPeer({ state, actions }: Played, id: NodeId, peer: Partial<Peer>): Played {
  const known = { ...strangerPeer, linkUp: true, heardAt: 0, term: state.control.term, ...peer };
  return { state: { ...state, peers: new Map([[id, known]]) }, actions };
}

export function withMachine({ state }: Pick<Played, "state">, machine: Machine): Played {
  return { state: { ...state, machine }, actions: [] };
}

export function heard(peer: NodeId, message: PairMessage): PairEvent {
  return { kind: "message", peer, message };
}

/** B holds all up to this change, or `by` does. */
export function ack(seq: number, by = serverB): PairEvent {
  return heard(by, { kind: "ack", term: 1, head: at(seq) });
}

type Hello = Extract<PairMessage, { readonly kind: "hello" }>;

export function aHello(changes: Partial<Hello> = {}): Hello {
  return {
    kind: "hello",
    systemId: systemId("ours"),
    duty: "main",
    term: 1,
    owner: serverA,
    head: at(5),
    committed: 5,
    ackSet: [serverA, serverB],
    complete: false,
    version: 1,
    suspectAfter: 6_000,
    ...changes,
  };
}

type Offer = Extract<PairMessage, { readonly kind: "handover" }>;

/** Main A offers the next term. */
export function anOffer(changes: Partial<Offer> = {}): Offer {
  const ackSet = [serverA, serverB];
  return { kind: "handover", term: 2, round: 1, head: at(5), ackSet, mode: "manual", ...changes };
}

/** An entry whose hash nobody checks here. */
export function anEntry(place: Position, prev: Position): Entry {
  return {
    ...place,
    prev: prev.hash,
    node: serverA,
    at: noon,
    actor: { kind: "server", id: serverA, name: "A", door: "pair", source: "" },
    requestId: requestId(`r${place.seq}`),
    kind: "create-group",
    facts: [],
    answer: {},
  };
}

/** The kinds of what was to be done, and what was said, in order. */
export function deeds(actions: readonly PairAction[]): readonly string[] {
  return actions.map((action) =>
    action.kind === "send" ? `say ${action.message.kind}` : action.kind,
  );
}

export function refusalOf(actions: readonly PairAction[]): string | undefined {
  return actions.find((action) => action.kind === "order-refused")?.code;
}

export function saidOf<Kind extends PairMessage["kind"]>(
  actions: readonly PairAction[],
  kind: Kind,
): Extract<PairMessage, { readonly kind: Kind }> | undefined {
  for (const action of actions) {
    if (action.kind !== "send") continue;
    const { message } = action;
    if (isKind(message, kind)) return message;
  }
  return undefined;
}

function isKind<Kind extends PairMessage["kind"]>(
  message: PairMessage,
  kind: Kind,
): message is Extract<PairMessage, { readonly kind: Kind }> {
  return message.kind === kind;
}

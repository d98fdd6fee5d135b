import type { NodeId } from "../../base/identity.ts";
import type { ControlRecord } from "../control-record.ts";
import { origin, type Position, samePosition } from "../entry.ts";
import { mayBeRestored } from "../restore-term.ts";
import type { PairEvent } from "./event.ts";
import { findFork } from "./find-fork.ts";
import type { PairMessage } from "./message.ts";
import { hearInMaintenance } from "./maintenance.ts";
import { onRights } from "./mode.ts";
import type { Candidate, Machine } from "./pair-state.ts";
import { beCandidate, hearMainAsCandidate } from "./takeover.ts";
import { takeTerm } from "./take-term.ts";
import {
  act,
  become,
  commitUpTo,
  heartbeatOf,
  countPromotable,
  isComplete,
  isPermanent,
  keep,
  say,
  sayHello,
  type Turn,
} from "./turn.ts";

export function hearAsStandby(turn: Turn, from: NodeId, message: PairMessage): void {
  const { machine } = turn.state;
  if (machine.duty === "standby" && machine.phase === "candidate") {
    return hearWhileCandidate(turn, machine, from, message); // R6
  }
  if (machine.duty === "standby" && machine.phase === "maintenance") {
    return hearInMaintenance(turn, from, message);
  }
  switch (message.kind) {
    case "hello":
      return onMainHello(turn, from, message);
    case "heartbeat":
      return onHeartbeat(turn, from, message);
    case "entries":
      return onEntries(turn, from, message);
    case "forked":
      return onForked(turn, from, message);
    case "prove":
      return onProve(turn, from, message);
    case "admit":
      return onAdmit(turn, from, message.ackSet);
    case "handover":
      return onHandover(turn, from, message);
    case "rights":
      return onRights(turn, from, message);
    case "handover-cancel":
      return onHandoverCancel(turn, from, message);
    case "follow":
    case "compare":
    case "ack":
    case "proof":
    case "rights-kept":
    case "leaving":
    case "handover-refused":
      // Said to a Main; we are none.
      break;
  }
}

/** Who stands down at a hello heeds what it says: we may have been dropped (R8). */
function hearWhileCandidate(
  turn: Turn,
  candidate: Candidate,
  from: NodeId,
  message: PairMessage,
): void {
  hearMainAsCandidate(turn, candidate, from, message);
  const { machine } = turn.state;
  const hasStoodDown = machine.duty === "standby" && machine.phase === "connecting";
  if (hasStoodDown && message.kind === "hello") onMainHello(turn, from, message);
}

function onMainHello(
  turn: Turn,
  from: NodeId,
  hello: PairMessage & { readonly kind: "hello" },
): void {
  const { control, machine, self, head } = turn.state;
  if (hello.duty !== "main" || hello.owner !== from || control.owner !== from) return;
  if (machine.duty === "standby" && machine.phase === "synchronising") return;
  if (control.certificate?.complete === true && !hello.ackSet.includes(self)) {
    // Changes were acknowledged without us: not complete until the Main admits us again (R8).
    keep(turn, { certificate: { ...control.certificate, complete: false } });
  }
  if (machine.duty !== "none") become(turn, { duty: "standby", phase: "connecting" });
  follow(turn, from, control.incarnation === null ? origin : head);
}

/** Asks for what follows this place of our history. */
function follow(turn: Turn, main: NodeId, head: Position): void {
  const owner = turn.history.ownerOf(head.term) ?? null;
  say(turn, main, { kind: "follow", term: turn.state.control.term, head, owner });
}

function onHeartbeat(
  turn: Turn,
  from: NodeId,
  beat: PairMessage & { readonly kind: "heartbeat" },
): void {
  const { machine, control, head } = turn.state;
  if (control.owner !== from || beat.duty !== "main") return;
  if (machine.duty === "standby" && machine.phase === "following") {
    return commitUpTo(turn, Math.min(beat.committed, head.seq));
  }
  // It works and we do not follow: ask it to introduce itself, which makes us follow.
  if (machine.duty !== "standby") return sayHello(turn, from);
  // Not again for what waited behind a first pass: our word to follow is on its way.
  const hasAsked = turn.clocks.at - turn.state.machineSince < 2 * turn.state.timers.heartbeat;
  if (machine.phase === "connecting" && !hasAsked) sayHello(turn, from);
}

function onEntries(
  turn: Turn,
  from: NodeId,
  message: PairMessage & { readonly kind: "entries" },
): void {
  const { machine, control, head } = turn.state;
  if (control.owner !== from || control.incarnation === null || !hasHistory(machine)) return;
  const fresh = message.entries.filter((entry) => entry.seq > head.seq);
  const [next] = fresh;
  if (next !== undefined && (next.seq !== head.seq + 1 || next.prev !== head.hash)) {
    return follow(turn, from, head);
  }
  const last = fresh.at(-1);
  if (last !== undefined) {
    const { term, start, seq, hash } = last;
    turn.state = { ...turn.state, head: { term, start, seq, hash } };
    act(turn, { kind: "append", entries: fresh });
  }
  const isFollowing = machine.duty === "standby" && machine.phase === "following";
  if (!isFollowing || last !== undefined) {
    const followed = { duty: "standby", phase: "following", lastAt: turn.clocks.at } as const;
    if (isFollowing) turn.state = { ...turn.state, machine: followed };
    else become(turn, followed);
  }
  say(turn, from, { kind: "ack", term: control.term, head: turn.state.head });
  commitUpTo(turn, Math.min(message.committed, turn.state.head.seq));
}

/**
 * Our history left the Main's. Everything after the fork goes to a file, whole and read back (R10),
 * before anything of it is given up. A tail that the new Main's membership proves unacknowledged is
 * then cut; where it may have been acknowledged the Main's database is copied in place of ours, so
 * that ours stays whole until the other is verified (HS9).
 */
function onForked(
  turn: Turn,
  from: NodeId,
  shown: PairMessage & { readonly kind: "forked" },
): void {
  const { control, head, machine, committed } = turn.state;
  if (control.owner !== from || !hasHistory(machine)) return;
  const { at: fork, open } = findFork(turn.history, head, shown);
  if (open) return say(turn, from, { kind: "compare", term: control.term, ...open });
  // Said to a history that is not ours any more: the Main's was copied in its place meanwhile.
  if (fork.seq === head.seq) return follow(turn, from, head);
  if (fork.seq + 1 < turn.history.first()) return refuseOverwriting(turn, fork);
  const isUnacknowledged = isNobodys(turn, from, fork);
  const tail = {
    after: fork,
    upTo: head,
    acknowledged: committed,
    rest: isUnacknowledged ? "not acknowledged" : "unknown",
    theirs: shown.points,
  } as const;
  if (!isUnacknowledged) {
    keep(turn, { certificate: null });
    act(turn, { kind: "export-tail", tail });
    const entries = head.seq - fork.seq;
    const diverged = { duty: "none", phase: "diverged", fork, entries } as const;
    if (machine.duty === "standby") become(turn, diverged);
    return follow(turn, from, origin);
  }
  // Before the cut: a crash after it must not find a journal that is older than its record.
  keep(turn, { certificate: null, highest: fork });
  act(turn, { kind: "export-tail", tail });
  act(turn, { kind: "truncate", after: fork });
  turn.state = { ...turn.state, head: fork };
  follow(turn, from, fork);
}

/** Does the Main's membership prove that nobody was told of what is after the fork? */
function isNobodys({ state }: Turn, main: NodeId, fork: Position): boolean {
  const { control, head, committed } = state;
  // A third may have been Main meanwhile, and acknowledged what it held of our tail (HS14); a Main
  // that a backup was restored on lost what it had acknowledged itself.
  const isOneOfTwo = control.ackSet.includes(main) && countPromotable(state) <= 2;
  const known = Math.max(committed, control.doubtedUpTo);
  const isHeldByMain = isOneOfTwo && !mayBeRestored(head.term, control.term);
  return isHeldByMain && fork.seq >= known && fork.seq > 0;
}

/**
 * What came here by a first pass has no entries, so that no file can list it (I15): the database is
 * not given up for another before a person has put it aside whole.
 */
function refuseOverwriting(turn: Turn, fork: Position): void {
  const from = turn.history.first();
  const text = `The Main's history has other changes after ${fork.seq} than this database, which came here as a copy and lists its own from ${from} on only.`;
  onDatabaseInvalid(turn, "journal.unlisted", text);
}

/**
 * Has it a history that a Main goes on from, or shows to have left its own? Also a diverged one: a
 * later Main may have what the one before it lacked (HS14). While a copy comes there is none.
 */
function hasHistory(machine: Machine): boolean {
  if (machine.duty === "none") return machine.phase === "diverged";
  return machine.duty === "standby" && machine.phase !== "synchronising";
}

/** R3: the Main asks for the digest of our state; another one than its own ends here, named. */
function onProve(
  turn: Turn,
  from: NodeId,
  message: PairMessage & { readonly kind: "prove" },
): void {
  const { machine, control, head, self } = turn.state;
  if (control.owner !== from || machine.duty !== "standby" || machine.phase !== "following") return;
  if (!samePosition(message.position, head)) return;
  const digest = turn.history.digest();
  say(turn, from, { kind: "proof", term: control.term, position: head, digest });
  if (digest === message.digest) {
    if (isPermanent(turn.state, self)) certify(turn, from);
    return;
  }
  onDatabaseInvalid(
    turn,
    "journal.digest-mismatch",
    `The state after change ${head.seq} differs from the Main's.`,
  );
}

/** It is in the set; its right to succeed follows, and is confirmed. */
function onAdmit(turn: Turn, from: NodeId, ackSet: readonly NodeId[]): void {
  const { machine, control, self } = turn.state;
  if (control.owner !== from || machine.duty !== "standby" || machine.phase !== "following") return;
  if (isPermanent(turn.state, self)) return;
  certify(turn, from, { ackSet, mode: "manual" });
}

/** R8: the certificate is written last, when everything it says is true and durable. */
function certify(
  turn: Turn,
  from: NodeId,
  rights: Partial<Pick<ControlRecord, "ackSet" | "mode">> = {},
): void {
  const { control, head } = turn.state;
  if (control.incarnation === null) return;
  keep(turn, {
    ...rights,
    certificate: {
      incarnation: control.incarnation,
      position: head,
      digest: turn.history.digest(),
      complete: true,
      certifiedBy: from,
      at: turn.clocks.now,
    },
  });
  // At once: until the Main knows, it refuses to hand over to a Standby that calls itself valid.
  say(turn, from, heartbeatOf(turn.state));
}

function onHandover(
  turn: Turn,
  from: NodeId,
  offer: PairMessage & { readonly kind: "handover" },
): void {
  const { machine, control, head, self } = turn.state;
  if (offer.term <= control.term) return sayHello(turn, from);
  const refuse = (reason: string): void =>
    say(turn, from, { kind: "handover-refused", term: offer.term, round: offer.round, reason });
  if (isPermanent(turn.state, self)) return refuse("the target is a permanent Standby");
  const isFollowing = machine.duty === "standby" && machine.phase === "following";
  const isNext = control.owner === from && offer.term === control.term + 1;
  if (!isFollowing || !isNext || !isComplete(turn.state) || !samePosition(offer.head, head)) {
    return refuse("the target is not valid up to the last change");
  }
  const ackSet = [self, ...offer.ackSet.filter((member) => member !== self)];
  if (control.mode !== offer.mode) keep(turn, { mode: offer.mode });
  if (offer.mode === "witness") return beCandidate(turn, "changeover", ackSet, offer.round);
  takeTerm(turn, { term: offer.term, by: "changeover", ackSet, unprotected: null });
}

function onHandoverCancel(
  turn: Turn,
  from: NodeId,
  { term, round }: PairMessage & { readonly kind: "handover-cancel" },
): void {
  if (turn.state.control.term >= term) return sayHello(turn, from);
  say(turn, from, { kind: "handover-refused", term, round, reason: "the offer was withdrawn" });
}

export function onSnapshotBegun(turn: Turn, bytesTotal: number | null): void {
  if (!awaitsCopy(turn.state.machine)) return;
  const { at } = turn.clocks;
  become(turn, {
    duty: "standby",
    phase: "synchronising",
    progress: { bytesDone: 0, bytesTotal, startedAt: at, lastAt: at },
  });
}

/** It asked for what follows its head; a candidate meanwhile listens to nobody (R6). */
function awaitsCopy(machine: Machine): boolean {
  if (machine.duty === "none") return machine.phase === "blank" || machine.phase === "diverged";
  if (machine.duty !== "standby") return false;
  return machine.phase !== "candidate" && machine.phase !== "maintenance";
}

export function onSnapshotProgress(
  turn: Turn,
  { bytesDone, bytesTotal }: PairEvent & { readonly kind: "snapshot-progress" },
): void {
  const { machine } = turn.state;
  if (machine.duty !== "standby" || machine.phase !== "synchronising") return;
  const progress = { ...machine.progress, bytesDone, bytesTotal, lastAt: turn.clocks.at };
  turn.state = { ...turn.state, machine: { ...machine, progress } };
}

/** The new generation is verified: only now does it become the current one. */
export function onGenerationReady(
  turn: Turn,
  event: PairEvent & { readonly kind: "generation-ready" },
): void {
  const { machine, control } = turn.state;
  if (machine.duty !== "standby" || machine.phase !== "synchronising" || control.owner === null) {
    return;
  }
  const { incarnation, position, digest } = event;
  turn.state = { ...turn.state, head: position, committed: position.seq };
  keep(turn, {
    incarnation,
    certificate: {
      incarnation,
      position,
      digest,
      complete: false,
      certifiedBy: control.owner,
      at: turn.clocks.now,
    },
  });
  act(turn, { kind: "swap-generation", incarnation });
  become(turn, { duty: "standby", phase: "connecting" });
  say(turn, control.owner, { kind: "follow", term: control.term, head: position, owner: null });
}

/** The old generation, if there is one, stays current and keeps answering (HS4). */
export function onSnapshotFailed(turn: Turn): void {
  const { machine, control } = turn.state;
  if (machine.duty !== "standby" || machine.phase !== "synchronising") return;
  if (control.incarnation === null) become(turn, { duty: "none", phase: "blank" });
  else become(turn, { duty: "standby", phase: "connecting" });
}

export function onDatabaseInvalid(turn: Turn, code: string, text: string): void {
  if (turn.state.machine.duty === "main") act(turn, { kind: "abandon-waiting" });
  keep(turn, { certificate: null });
  become(turn, { duty: "none", phase: "invalid", code, text });
}

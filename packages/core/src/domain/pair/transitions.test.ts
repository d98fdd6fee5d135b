import assert from "node:assert/strict";
import { test } from "node:test";
import type { PairEvent } from "./event.ts";
import {
  aControl,
  aHello,
  aHistory,
  at,
  certified,
  changeover,
  force,
  heard,
  play,
  type Played,
  promote,
  refusalOf,
  serverA,
  serverB,
  started,
  withPeer,
} from "./fixtures.ts";
import { type Order, orders, outsideOrders } from "./order-table.ts";
import { inPhase, withControl } from "./phase-fixtures.ts";
import { type Phase, phaseOf, states } from "./states.ts";
import { findMove, isKnownMove, moves } from "./transitions.ts";

const begun: PairEvent = { kind: "snapshot-begun", bytesTotal: 10 };
const bent: PairEvent = { kind: "database-invalid", code: "x", text: "bent" };
const removed: PairEvent = { kind: "database-invalid", code: "pair.removed", text: "by X" };
const full: PairEvent = { kind: "disk-full" };
const theirs = { owner: serverB, duty: "main" } as const;
const mainOfSame = heard(serverB, aHello(theirs));
const beat = { kind: "heartbeat", head: at(5), committed: 5, complete: false } as const;
const higher = heard(serverB, { ...beat, ...theirs, term: 2 });
const entries = heard(serverA, { kind: "entries", term: 1, entries: [], committed: 5 });
const forked = heard(serverA, {
  kind: "forked",
  term: 1,
  points: [at(3), at(9, 2)],
  between: [at(3), at(4, 2), at(5, 2)],
});

/** The partner is not heard: who is Standby may be promoted, who is Main waits. */
function silent(played: Played): Played {
  const [partner = serverB] = played.state.peers.keys();
  return withPeer(played, partner, { linkUp: false, heardAt: null });
}

function outOf(from: Phase, ...events: readonly PairEvent[]): Played {
  const played = inPhase(from);
  return play(played, events, 0, aHistory(played.state.head));
}

function promoted(from: Phase, event: PairEvent, mode: "manual" | "witness" = "manual"): Played {
  return play(withControl(silent(inPhase(from)), { mode }), [event]);
}

const offered = aControl({ handover: { term: 2, to: serverB } });
const out = { self: serverB, control: certified({ maintenance: { since: 0 } }) };
const asked = { self: serverB, control: certified({ candidacy: 2 }) };

/** Moves that few simulated lives show, each played here: "from > to". */
const plays: Readonly<Record<string, () => Pick<Played, "state">>> = {
  "off > invalid": () => started({ fault: { code: "x", text: "bent" } }),
  "off > draining": () => started({ control: offered }),
  "off > candidate": () => started(asked),
  "off > maintenance": () => started(out),
  "diverged > synchronising": () => outOf("diverged", begun),
  "diverged > following": () => outOf("diverged", entries),
  "connecting > synchronising": () => outOf("connecting", begun),
  "following > synchronising": () => outOf("following", begun),
  "connecting > diverged": () => outOf("connecting", forked),
  "following > diverged": () => outOf("following", forked),
  "connecting > invalid": () => outOf("connecting", bent),
  "following > invalid": () => outOf("following", bent),
  "serving > invalid": () => outOf("serving", removed),
  "draining > invalid": () => outOf("draining", removed),
  "read-only > invalid": () => outOf("read-only", removed),
  "blank > invalid": () => outOf("blank", removed),
  "synchronising > invalid": () => outOf("synchronising", removed),
  "candidate > invalid": () => outOf("candidate", removed),
  "maintenance > invalid": () => outOf("maintenance", removed),
  "diverged > invalid": () => outOf("diverged", removed),
  "fenced > invalid": () => outOf("fenced", removed),
  "two-mains > invalid": () => outOf("two-mains", removed),
  "synchronising > candidate": () => promoted("synchronising", promote, "witness"),
  "synchronising > serving": () => promoted("synchronising", force),
  "maintenance > serving": () => promoted("maintenance", force),
  "fenced > serving": () => promoted("fenced", force),
  "two-mains > serving": () => promoted("two-mains", force),
  "draining > serving": () => promoted("draining", force),
  "draining > read-only": () => outOf("draining", full),
  "serving > fenced": () => outOf("serving", higher),
  "draining > fenced": () => outOf("draining", higher),
  "read-only > fenced": () => outOf("read-only", higher),
  "fenced > connecting": () => outOf("fenced", mainOfSame),
  "serving > two-mains": () => outOf("serving", mainOfSame),
  "draining > two-mains": () => outOf("draining", mainOfSame),
  "read-only > two-mains": () => outOf("read-only", mainOfSame),
  "two-mains > connecting": () => outOf("two-mains", higher),
};

test("[PD6][HS1] every move that few lives show is one that the machine makes", () => {
  const ways = moves
    .filter(({ seen }) => seen !== "simulator")
    .flatMap(({ from, to }) => from.map((each) => [`${each} > ${to}`, to] as const));
  for (const [way, to] of ways) {
    const played = plays[way]?.();
    assert.equal(played && phaseOf(played.state.machine), to, way);
  }
  assert.equal(ways.length, Object.keys(plays).length, "and nothing is played that has no row");
});

test("[PD6] each way from one phase to another has one row", () => {
  const ways = moves.flatMap(({ from, to }) => from.map((each) => `${each} > ${to}`));
  assert.deepEqual(ways, [...new Set(ways)]);
});

test("[PD6] a Main whose disk is full in its first moment is not seen to serve", () => {
  const { machine: candidate } = inPhase("candidate").state;
  const { machine: blocked } = inPhase("read-only").state;
  assert.ok(isKnownMove(candidate, blocked));
  assert.ok(blocked.duty === "main" && blocked.phase === "read-only");
  assert.ok(!isKnownMove(candidate, { ...blocked, code: "pair.behind-standby" }));
  assert.ok(!isKnownMove(inPhase("invalid").state.machine, blocked));
});

function eventOf(order: Order, phase: Phase): PairEvent {
  switch (order) {
    case "order-promote":
      return promote;
    case "order-promote-by-force":
      return force;
    case "order-changeover":
      return changeover;
    case "order-mode":
      return { kind: "order-mode", mode: "witness", hasWitness: true };
    case "order-maintenance":
      return { kind: "order-maintenance", isOn: phase !== "maintenance" };
  }
}

const everyOrder = Object.keys(orders).filter(isOrder);

function isOrder(name: string): name is Order {
  return name in orders;
}

const phases = [...new Set(Object.values(states).flatMap((row) => row.phases))];

test("[PD7][HS3][HS6] an order is taken in the phases that the table says, and refused in all others", () => {
  for (const order of everyOrder) {
    const isPromotion = order.startsWith("order-promote");
    for (const phase of phases) {
      const place = `${order} in ${phase}`;
      const before = isPromotion ? silent(inPhase(phase)) : inPhase(phase);
      const { state, actions } = play(before, [eventOf(order, phase)]);
      const taken = orders[order].taken[phase];
      assert.equal(refusalOf(actions) === undefined, taken !== null, place);
      if (taken === null) continue;
      const after = phaseOf(state.machine);
      assert.ok(taken.to.length === 0 ? after === phase : taken.to.includes(after), place);
    }
  }
});

test("[PD7][HS1] an order leads only to moves that exist, and a move by order is one that is taken", () => {
  for (const order of everyOrder) {
    for (const phase of phases) {
      for (const to of orders[order].taken[phase]?.to ?? []) {
        assert.ok(findMove(phase, to), `${order}: ${phase} > ${to}`);
      }
    }
  }
  for (const { from, to, on } of moves) {
    for (const phase of from) {
      if (phase === "off" || !on.some((cause) => cause.startsWith("order-"))) continue;
      const isTaken = everyOrder.some((order) => orders[order].taken[phase]?.to.includes(to));
      assert.ok(isTaken, `${phase} > ${to}`);
    }
  }
  for (const { command, from, to } of outsideOrders) assert.ok(findMove(from, to), command);
});

test("[PD6] every phase is reached by a move and shown as a state", () => {
  const reached = new Set(moves.map(({ to }) => to));
  assert.deepEqual([...reached].toSorted(), phases.toSorted());
});

test("[PD6][R6] what still comes of a copy moves nobody who waits for none", () => {
  for (const phase of ["candidate", "maintenance", "invalid", "two-mains", "serving"] as const) {
    const after: Phase = phaseOf(outOf(phase, begun).state.machine);
    assert.equal(after, phase);
  }
});

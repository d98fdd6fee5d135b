import {
  aProtectedMain,
  at,
  aValidStandby,
  type Played,
  serverA,
  serverB,
  withMachine,
} from "./fixtures.ts";
import type { ControlRecord } from "../control-record.ts";
import type { Machine } from "./pair-state.ts";
import type { Phase } from "./states.ts";

/** A machine of each phase. */
const machines: Readonly<Record<Phase, Machine>> = {
  blank: { duty: "none", phase: "blank" },
  invalid: { duty: "none", phase: "invalid", code: "x", text: "why" },
  diverged: { duty: "none", phase: "diverged", fork: at(3), entries: 2 },
  "two-mains": { duty: "none", phase: "two-mains", other: serverB },
  serving: { duty: "main", phase: "serving", admitting: null },
  draining: { duty: "main", phase: "draining", to: serverB, since: 0, offered: true },
  "read-only": { duty: "main", phase: "read-only", code: "disk.full", text: "full" },
  connecting: { duty: "standby", phase: "connecting" },
  synchronising: {
    duty: "standby",
    phase: "synchronising",
    progress: { bytesDone: 1, bytesTotal: 2, startedAt: 0, lastAt: 0 },
  },
  following: { duty: "standby", phase: "following", lastAt: 0 },
  candidate: {
    duty: "standby",
    phase: "candidate",
    since: 0,
    by: "takeover",
    round: 0,
    ackSet: [serverB],
  },
  maintenance: { duty: "standby", phase: "maintenance" },
  fenced: { duty: "fenced", by: serverB },
};

/** Where all is as well as it can be in that phase: A was Main of B, or B is a valid Standby of A. */
export function inPhase(phase: Phase): Played {
  const machine = machines[phase];
  const wasMain = machine.duty === "main" || phase === "two-mains" || phase === "fenced";
  const { state } = wasMain ? aProtectedMain() : aValidStandby();
  const played = withMachine({ state }, machine);
  if (phase === "fenced") return withControl(played, { owner: serverB });
  if (phase === "maintenance") {
    return withControl(played, { maintenance: { since: 0 }, certificate: null, ackSet: [serverA] });
  }
  if (phase !== "blank") return played;
  return withControl(played, { incarnation: null, certificate: null, owner: serverA });
}

export function withControl({ state, actions }: Played, changes: Partial<ControlRecord>): Played {
  return { state: { ...state, control: { ...state.control, ...changes } }, actions };
}

import type { NodeId } from "../../base/identity.ts";
import type { Millis } from "../../base/time.ts";
import { comparePositions } from "../entry.ts";
import type { Refusal } from "../refusal.ts";
import type { PairState } from "./pair-state.ts";
import { recordChange } from "./record-late.ts";
import { offer } from "./as-main.ts";
import { aimOnlyFor } from "./arbitration.ts";
import { promotedAlone, takeTerm } from "./take-term.ts";
import { beCandidate } from "./takeover.ts";
import {
  act,
  become,
  greetAll,
  isComplete,
  isPermanent,
  keep,
  lifelessness,
  silenceOf,
  type Turn,
} from "./turn.ts";

/** HS6: may this Main hand over to `to` now? The same answer for status, CLI and the order itself. */
export function checkChangeover(
  state: PairState,
  to: NodeId,
  directionsOk: boolean,
): Refusal | undefined {
  const { machine, control } = state;
  if (machine.duty !== "main") return { code: "pair.not-main", detail: "this server is not Main" };
  const isFull = machine.phase === "read-only" && machine.code === "disk.full";
  if (machine.phase !== "serving" && !isFull) {
    return { code: "pair.busy", detail: `the Main is ${machine.phase}` };
  }
  if (control.switching !== null) {
    return { code: "pair.busy", detail: "the mode is being switched" };
  }
  const denial = checkTarget(state, to);
  if (denial) return denial;
  if (!directionsOk) {
    return { code: "pair.direction-refused", detail: "both must pass" };
  }
  return undefined;
}

function checkTarget(state: PairState, to: NodeId): Refusal | undefined {
  if (to === state.self) return { code: "pair.already-main", detail: "" };
  if (isPermanent(state, to)) return permanent;
  const peer = state.peers.get(to);
  if (peer === undefined || !peer.linkUp) {
    return { code: "pair.target-not-valid", detail: "the target is not connected" };
  }
  if (!peer.complete || !state.control.ackSet.includes(to)) {
    return { code: "pair.target-not-valid", detail: "the target has not finished synchronising" };
  }
  return undefined;
}

export function orderChangeover(turn: Turn, to: NodeId, directionsOk: boolean): void {
  const denial = checkChangeover(turn.state, to, directionsOk);
  if (denial) return act(turn, { kind: "order-refused", ...denial });
  const { at: since } = turn.clocks;
  const draining = { duty: "main", phase: "draining", to, since, offered: false } as const;
  become(turn, draining);
  offer(turn, draining);
}

/**
 * HS3: may this server become Main on an operator's word? A blank, unfinished or invalid database
 * never; one that is consistent but not complete only by force; never while the Main answers.
 */
export function checkPromote(state: PairState, at: number, force: boolean): Refusal | undefined {
  if (isPermanent(state, state.self)) return permanent;
  if (state.machine.duty === "main") return checkContinueAlone(state, force);
  const denial = checkDatabase(state) ?? checkMainSilent(state, at, force);
  if (denial || force) return denial;
  if (isComplete(state)) return checkOthers(state, at);
  return {
    code: "pair.incomplete",
    detail: `this database is complete only up to change ${state.head.seq}, and the Main went on`,
  };
}

/** HS14: nobody's word changes what its invitation said. */
const permanent: Refusal = { code: "pair.permanent", detail: "it follows, and is never promoted" };

/**
 * HS14: of two Standbys whose Main is lost, one may have been let go and not know it. What the other
 * says that it holds is then all that is known of what was acknowledged.
 */
function checkOthers(state: PairState, at: Millis): Refusal | undefined {
  for (const [id, { linkUp, complete, head, incompatible }] of state.peers) {
    const silence = silenceOf(state, id, at);
    const isHeard = linkUp && silence !== null && silence < state.timers.suspect;
    const mayBeMain = complete && incompatible === null && !isPermanent(state, id);
    if (!isHeard || !mayBeMain || head === null) continue;
    if (comparePositions(head, state.head) > 0) {
      const detail = `it holds changes up to ${head.seq}, this server up to ${state.head.seq}`;
      return { code: "pair.other-holds-more", detail };
    }
  }
  return undefined;
}

function checkDatabase({ machine, control }: PairState): Refusal | undefined {
  if (machine.duty === "none" && machine.phase === "invalid") {
    const code = machine.code === "pair.removed" ? machine.code : "pair.database-invalid";
    return { code, detail: machine.text };
  }
  if (machine.duty === "none" && machine.phase === "diverged") {
    return { code: "pair.diverged", detail: `${machine.entries} changes here left the system` };
  }
  if (control.incarnation !== null) return undefined;
  return control.systemId !== null
    ? { code: "pair.incomplete", detail: "the first pass has not finished" }
    : { code: "pair.blank", detail: "there is no database here" };
}

/**
 * A link that just broke proves no death: only silence counts. A refusal is a sign of life too, but
 * force goes past it, or whoever answers at the Main's address could keep everybody from working.
 */
function checkMainSilent(state: PairState, at: Millis, force: boolean): Refusal | undefined {
  const { owner } = state.control;
  const main = owner === null ? undefined : state.peers.get(owner);
  if (owner === null || main?.duty !== "main") return undefined;
  const silence = force ? silenceOf(state, owner, at) : lifelessness(state, owner, at);
  if (silence === null || silence >= state.timers.suspect) return undefined;
  const limit = `it counts as silent after ${state.timers.suspect / 1_000} s`;
  return { code: "pair.main-answers", detail: `the Main answered a moment ago; ${limit}` };
}

/** A Main that waits for a partner it has not heard since its start: a person may say "it is off". */
function checkContinueAlone(state: PairState, force: boolean): Refusal | undefined {
  const { machine, control, self } = state;
  if (machine.duty !== "main" || machine.phase === "serving") {
    const waits = control.ackSet.some((id) => id !== self && !state.peers.get(id)?.linkUp);
    if (!waits) return { code: "pair.already-main", detail: "this server is Main and can work" };
  }
  if (force) return undefined;
  return {
    code: "pair.already-main",
    detail: "this server is Main; with --force it goes on alone",
  };
}

export function orderPromote(turn: Turn, force: boolean): void {
  const denial = checkPromote(turn.state, turn.clocks.at, force);
  if (denial) return act(turn, { kind: "order-refused", ...denial });
  const { control, self, peers, machine } = turn.state;
  const unprotected = { since: turn.clocks.now, reason: promotedAlone };
  if (machine.duty === "main") {
    keep(turn, { ackSet: [self], handover: null, switching: null });
    aimOnlyFor(turn, null);
    turn.state = { ...turn.state, unprotected };
    become(turn, { duty: "main", phase: "serving", admitting: null });
    greetAll(turn); // Who is dropped hears first that it is complete no more (R8).
    recordChange(turn, "ack set");
    return act(turn, { kind: "order-done" });
  }
  let term = control.term;
  for (const peer of peers.values()) {
    if (peer.incompatible !== "other-system") term = Math.max(term, peer.term); // Ours (I19).
  }
  const isWitnessed = control.mode === "witness";
  if (isWitnessed && !force) return beCandidate(turn, "promotion", [self]);
  const by = force && !isComplete(turn.state) ? "forced-promotion" : "promotion";
  // Beyond the term that anybody may be asking the witness for at this moment.
  term += isWitnessed ? 2 : 1;
  takeTerm(turn, { term, by, ackSet: [self], unprotected });
  act(turn, { kind: "order-done" });
}

/** Does an operator's order still wait for others? Everything else is answered at once. */
export function isOrderOpen({ machine, control, granting }: PairState): boolean {
  if (machine.duty === "main") {
    return machine.phase === "draining" || control.switching !== null || granting;
  }
  return machine.duty === "standby" && machine.phase === "candidate" && machine.by === "promotion";
}

import type { NodeId } from "../../base/identity.ts";
import type { ArbitrationMode } from "../arbitration-mode.ts";
import type { Refusal } from "../refusal.ts";
import { aimOnlyFor, isOurs } from "./arbitration.ts";
import type { PairState } from "./pair-state.ts";
import { recordChange } from "./record-late.ts";
import { timing } from "./timing.ts";
import { act, countPromotable, keep, peerOf, say, setPeer, type Turn } from "./turn.ts";

/**
 * The mode is switched without a gap: first nobody is dropped any more, then every member gives up
 * its right to succeed, then the new rule holds here, and last the members get their new right. At
 * no time may the Main drop a Standby that may succeed it.
 */

/** HS7: may the mode be switched on this server now? */
export function checkMode(
  state: PairState,
  mode: ArbitrationMode,
  hasWitness: boolean,
): Refusal | undefined {
  const { machine, control } = state;
  if (machine.duty !== "main") return { code: "pair.not-main", detail: "this server is not Main" };
  if (control.switching !== null) {
    return { code: "pair.busy", detail: "the mode is being switched" };
  }
  if (machine.phase !== "serving") {
    return { code: "pair.busy", detail: `the Main is ${machine.phase}` };
  }
  if (control.mode === mode) return { code: "pair.already-mode", detail: mode };
  if (mode === "pair" && countPromotable(state) > 2) return tooManyForPair(state);
  if (mode !== "witness" || hasWitness) return undefined;
  return { code: "pair.no-witness", detail: "" };
}

function tooManyForPair(state: PairState): Refusal {
  return { code: "pair.too-many-for-pair", detail: String(countPromotable(state)) };
}

export function orderMode(turn: Turn, mode: ArbitrationMode, hasWitness: boolean): void {
  const denial = checkMode(turn.state, mode, hasWitness);
  if (denial) return act(turn, { kind: "order-refused", ...denial });
  keep(turn, { switching: mode });
  turn.state = { ...turn.state, switchingSince: turn.clocks.at };
  pursueSwitch(turn);
}

/** As Main: every member has the right it should have, and a switch under way goes on. */
export function watchRights(turn: Turn): void {
  for (const member of membersOf(turn)) tellRight(turn, member);
  if (turn.state.control.switching !== null) pursueSwitch(turn);
}

function pursueSwitch(turn: Turn): void {
  const { control, arbitration, switchingSince } = turn.state;
  const { switching } = control;
  if (switching === null) return;
  const unsure = membersOf(turn).find((id) => peerOf(turn, id).rights.kept !== "manual");
  const { record } = arbitration;
  const isSeeded = switching !== "witness" || (record !== null && isOurs(turn, record));
  const isForTwo = switching !== "pair" || countPromotable(turn.state) <= 2; // One may just have joined.
  if (unsure === undefined && isSeeded && isForTwo) return finishSwitch(turn, switching);
  if (turn.clocks.at - switchingSince < timing.drain && isForTwo) return;
  // As it was: nobody has more rights than before, and those that were given up are given again.
  keep(turn, { switching: null });
  if (!isForTwo) return act(turn, { kind: "order-refused", ...tooManyForPair(turn.state) });
  const detail = unsure === undefined ? "the witness did not answer" : `${unsure} did not confirm`;
  act(turn, { kind: "order-refused", code: "pair.mode-unchanged", detail });
}

function finishSwitch(turn: Turn, mode: ArbitrationMode): void {
  keep(turn, { mode, switching: null });
  if (mode !== "witness") aimOnlyFor(turn, null); // What was wanted of the witness is void.
  recordChange(turn, "mode");
  turn.state = { ...turn.state, granting: true };
  for (const member of membersOf(turn)) tellRight(turn, member); // At once: a Main that dies now is succeeded.
  watchGrants(turn);
}

/** "Done" is said when whoever may succeed has its right; the mode holds also where one is gone. */
export function watchGrants(turn: Turn): void {
  const { control, machine, granting, switchingSince } = turn.state;
  if (!granting) return;
  const isOpen = membersOf(turn).some((id) => peerOf(turn, id).rights.kept !== control.mode);
  const isInTime = turn.clocks.at - switchingSince < timing.drain;
  const isServing = machine.duty === "main" && machine.phase === "serving";
  if (isOpen && isInTime && isServing) return;
  turn.state = { ...turn.state, granting: false };
  act(turn, { kind: "order-done" });
}

function membersOf({ state }: Turn): readonly NodeId[] {
  return state.control.ackSet.filter((member) => member !== state.self);
}

/** Told until it is confirmed; a new round for each new word, so that no old answer counts. */
export function tellRight(turn: Turn, member: NodeId): void {
  const { control, timers } = turn.state;
  const { rights, linkUp, acked } = peerOf(turn, member);
  const wanted = control.switching === null ? control.mode : "manual";
  if (rights.kept === wanted || !linkUp || acked === null) return;
  const { at } = turn.clocks;
  if (rights.told === wanted && at - rights.at < timers.heartbeat) return;
  const round = rights.round + 1;
  setPeer(turn, member, { rights: { round, told: wanted, kept: null, at } });
  say(turn, member, { kind: "rights", term: control.term, round, mode: wanted });
}

export function onRightsKept(
  turn: Turn,
  from: NodeId,
  { round, mode }: { readonly round: number; readonly mode: ArbitrationMode },
): void {
  const { rights } = peerOf(turn, from);
  if (rights.round !== round || rights.told !== mode) return;
  setPeer(turn, from, { rights: { ...rights, kept: mode } });
  watchGrants(turn);
}

/** As Standby: durable before it is confirmed; a candidate listens to nobody (R6). */
export function onRights(
  turn: Turn,
  from: NodeId,
  { round, mode }: { readonly round: number; readonly mode: ArbitrationMode },
): void {
  const { machine, control } = turn.state;
  if (control.owner !== from || machine.duty !== "standby" || machine.phase !== "following") return;
  if (control.mode !== mode) keep(turn, { mode });
  say(turn, from, { kind: "rights-kept", term: control.term, round, mode });
}

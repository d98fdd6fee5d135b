import type { NodeId } from "../../base/identity.ts";
import type { Refusal } from "../refusal.ts";
import { aimOnlyFor } from "./arbitration.ts";
import type { PairMessage } from "./message.ts";
import type { PairState } from "./pair-state.ts";
import { act, become, keep, peerOf, say, sayHello, type Turn } from "./turn.ts";

/** HS18: may this server be taken out for maintenance, or put back, now? */
function checkMaintenance({ machine, control }: PairState, isOn: boolean): Refusal | undefined {
  if (isOn === (control.maintenance !== null)) return { code: "pair.unchanged", detail: "" };
  if (!isOn) return undefined;
  if (machine.duty === "main") return { code: "pair.maintenance-main", detail: "" };
  if (control.incarnation === null) {
    return { code: "pair.busy", detail: "there is no database yet" };
  }
  if (machine.duty === "standby") return undefined;
  const phase = machine.duty === "fenced" ? machine.duty : machine.phase;
  return { code: "pair.busy", detail: `this server is ${phase}` };
}

/**
 * It leaves the ack set durably before it says so (R2), and comes back when it is put back. What it
 * asked of the witness it drops for good: complete no more, it uses no term that was given to it.
 */
export function orderMaintenance(turn: Turn, isOn: boolean): void {
  const denial = checkMaintenance(turn.state, isOn);
  if (denial) return act(turn, { kind: "order-refused", ...denial });
  if (isOn) leave(turn);
  else comeBack(turn);
  act(turn, { kind: "order-done" });
}

function leave(turn: Turn): void {
  const { control, self } = turn.state;
  const { certificate } = control;
  keep(turn, {
    maintenance: { since: turn.clocks.now },
    candidacy: null,
    ackSet: control.ackSet.filter((member) => member !== self),
    certificate: certificate && { ...certificate, complete: false },
  });
  aimOnlyFor(turn, null);
  become(turn, { duty: "standby", phase: "maintenance" });
  if (control.owner !== null) sayLeaving(turn, control.owner);
}

function sayLeaving(turn: Turn, main: NodeId): void {
  if (!peerOf(turn, main).linkUp) return;
  const { term } = turn.state.control;
  say(turn, main, { kind: "leaving", term, reason: "maintenance" });
}

function comeBack(turn: Turn): void {
  const { machine, control } = turn.state;
  keep(turn, { maintenance: null });
  if (machine.duty !== "standby" || machine.phase !== "maintenance") return;
  become(turn, { duty: "standby", phase: "connecting" });
  if (control.owner !== null && peerOf(turn, control.owner).linkUp) sayHello(turn, control.owner);
}

/** A Main that still counts us, or hands over to us, did not hear that we left. */
export function hearInMaintenance(turn: Turn, from: NodeId, message: PairMessage): void {
  const { control, self } = turn.state;
  if (message.kind === "handover" || message.kind === "handover-cancel") {
    const { term, round } = message;
    if (control.term >= term) return sayHello(turn, from);
    const reason = "the target is in maintenance";
    return say(turn, from, { kind: "handover-refused", term, round, reason });
  }
  if (message.kind !== "hello" || message.duty !== "main" || control.owner !== from) return;
  if (message.ackSet.includes(self)) sayLeaving(turn, from);
}

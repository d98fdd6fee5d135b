import type { NodeId } from "../../base/identity.ts";
import type { Millis } from "../../base/time.ts";
import { howToNarrow, leftFor } from "./ack-set.ts";
import { type Reading, troubleWords, type Why, whyIncompatible } from "./describe-standby.ts";
import type { Machine, PairState, Peer } from "./pair-state.ts";
import { states } from "./states.ts";
import { isPermanent, silenceOf } from "./turn.ts";

type Main = Extract<Machine, { readonly duty: "main" }>;

const goOnAlone = "run `gridward pair promote --force --local {dir}`";

/** What people read of a Main. */
export function readMain(
  state: PairState,
  machine: Main,
  at: Millis,
  conflict: Why | null,
): Reading {
  switch (machine.phase) {
    case "draining":
      return { state: "main-draining", why: whyDraining(machine.to) };
    case "read-only":
      return { state: "main-read-only", why: whyReadOnly(state, machine) };
    case "serving":
      return readServing(state, at, conflict);
  }
}

function whyDraining(to: NodeId): Why {
  return {
    code: "pair.draining",
    text: `This Main is handing over to ${to}; changes wait.`,
    remedy:
      `Wait some seconds. If it stays, start ${to}, or mend the network to it if it runs. ` +
      `If ${to} is off for good, ${goOnAlone}.`,
  };
}

function readServing(state: PairState, at: Millis, conflict: Why | null): Reading {
  const { control, self, peers } = state;
  const alone = whyAlone(state);
  if (alone) return { state: "main-read-only", why: alone };
  const waitsFor = control.ackSet.filter((id) => id !== self && !peers.get(id)?.linkUp);
  if (waitsFor.length > 0) return { state: "main-waiting", why: whyWaiting(state, waitsFor) };
  if (control.ackSet.length > 1) return { state: "main-protected", why: null };
  // A permanent Standby can hold no second copy that counts.
  const isLone = [...peers.keys()].every((id) => isPermanent(state, id));
  if (isLone) return { state: "lone", why: null };
  const { variant: badge } = states["main-exposed"];
  if (conflict) return { state: "main-exposed", why: conflict, badge };
  return { state: "main-exposed", why: whyExposed(state, at) };
}

/** Witness mode: the Standby cannot be let go without the witness's leave. */
function whyAlone({ control, arbitration }: PairState): Why | null {
  const { goal, trouble } = arbitration;
  if (control.mode !== "witness" || goal?.kind !== "narrow" || trouble === null) return null;
  const { member } = goal;
  return {
    code: "pair.alone",
    text: `${goal.reason}, and ${troubleWords[trouble.why]}: ${member} may be Main now.`,
    remedy: `${lookAt(member)}, or bring back the witness. If ${member} is off for good, ${goOnAlone}.`,
  };
}

/** Whether it took over cannot be known here; promoting this server beside it loses changes. */
function lookAt(member: string): string {
  return (
    `Look at ${member}: if it runs, mend the network between (where it is Main, this server ` +
    `becomes its Standby); if it is off, start it`
  );
}

function whyReadOnly(
  { control, self }: PairState,
  { code, text }: Extract<Main, { readonly phase: "read-only" }>,
): Why {
  if (code === "pair.partner-silent") {
    const others = control.ackSet.filter((id) => id !== self).join(" or ");
    const remedy = `${lookAt(others)}. If ${others} is off for good, ${goOnAlone}.`;
    return { code, text: `${others} is silent, and may have taken over.`, remedy };
  }
  const remedy =
    code === "disk.full"
      ? "Free space on the disk of the data directory and restart this server, or change over."
      : "Stop this server, then make the Standby Main there with `gridward pair promote`, and " +
        "start this one again; delete nothing here.";
  return { code, text, remedy };
}

function whyWaiting(state: PairState, waitsFor: readonly NodeId[]): Why {
  const { peers, timers, control } = state;
  const others = waitsFor.join(" and ");
  const isHeard = waitsFor.every((id) => (peers.get(id)?.heardAt ?? null) !== null);
  const how = howToNarrow(control);
  if (!isHeard && how !== "by the witness") {
    return {
      code: "pair.waiting",
      text: `${others} was not heard since this Main started, and may have taken over; changes wait.`,
      remedy: `${lookAt(others)}. If ${others} is off for good, ${goOnAlone}.`,
    };
  }
  const limit = `${timers.giveUp / 1_000} s`;
  const then = {
    alone: "this Main goes on alone",
    "by the witness": "this Main asks the witness for leave to go on alone",
    never: `changes stop, because ${others} may take over`,
  }[how];
  return {
    code: "pair.waiting",
    text: `${others} does not answer; changes wait for it.`,
    remedy: `Nothing yet: after ${limit} of silence ${then}.`,
  };
}

/** Why it came to one copy, and how it stands now with each that could hold a second one. */
function whyExposed(state: PairState, at: Millis): Why {
  const why = state.unprotected?.reason ?? "no Standby counts yet";
  const others = [...state.peers].filter(([id]) => !isPermanent(state, id));
  const now = others.map(([id, peer]) => standingOf(state, id, peer, at));
  const texts = [`Changes have one copy: ${why}.`, ...now.map(({ text }) => text)];
  return {
    code: "pair.unprotected",
    text: texts.join(" "),
    remedy: [...new Set(now.map(({ remedy }) => remedy))].join(" "),
  };
}

function standingOf(
  state: PairState,
  id: NodeId,
  peer: Peer,
  at: Millis,
): Pick<Why, "text" | "remedy"> {
  const silence = silenceOf(state, id, at);
  const isOut = state.unprotected?.reason === leftFor(id, "maintenance");
  const putBack =
    "When the work is done, run `gridward pair maintenance off --local DIR` there (its DIR).";
  if (!peer.linkUp || silence === null || silence > state.timers.giveUp) {
    const start = `Start ${id}, or mend the network to it if it runs.`;
    return { text: `${id} does not answer.`, remedy: isOut ? `${start} ${putBack}` : start };
  }
  if (peer.incompatible !== null) return whyIncompatible(id, peer.incompatible);
  if (peer.snapshotting) {
    return {
      text: `${id} gets the whole database now.`,
      remedy: `Nothing: ${id} counts after it.`,
    };
  }
  if (peer.acked === null) {
    const remedy = isOut
      ? putBack
      : `Run \`gridward server status\` on ${id}, and do what it says.`;
    return { text: `${id} answers, and does not follow.`, remedy };
  }
  return { text: whenCounted(state, id, peer, at), remedy: `Nothing: ${id} counts by itself.` };
}

function whenCounted({ head }: PairState, id: NodeId, peer: Peer, at: Millis): string {
  const behind = head.seq - (peer.acked?.seq ?? 0);
  const changes = behind === 1 ? "1 change" : `${behind} changes`;
  if (behind > 0) return `${id} follows again and is ${changes} behind.`;
  const left = Math.ceil((peer.admitAfter - at) / 1_000);
  if (left <= 0) return `${id} follows again and is being admitted.`;
  const often = peer.dropped > 1 ? `, because it was let go ${peer.dropped} times` : "";
  return `${id} follows again and is counted on in ${left} s${often}.`;
}

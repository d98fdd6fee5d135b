import type { Millis } from "../../base/time.ts";
import type { ServerState } from "../server-status.ts";
import type { ArbiterTrouble, Candidate, PairState, Peer } from "./pair-state.ts";
import { type Badge, states } from "./states.ts";
import { timing } from "./timing.ts";
import { isCertified, isComplete, isPermanent, lifelessness, silenceOf } from "./turn.ts";

/** What happened and what to do, in words; the code is for programs. */
export interface Why {
  readonly code: string;
  readonly text: string;
  readonly remedy: string;
}

/** A state, why it is so where there is more to say, and another badge than its usual one. */
export interface Reading {
  readonly state: ServerState;
  readonly why: Why | null;
  readonly badge?: Badge | undefined;
}

type Standby = Extract<PairState["machine"], { readonly duty: "standby" }>;

/** What people read of a Standby; never "synchronising" without progress for 60 s (HS5). */
export function readStandby(
  state: PairState,
  machine: Standby,
  at: Millis,
  conflict: Why | null,
): Reading {
  switch (machine.phase) {
    case "synchronising": {
      const { lastAt, bytesDone, bytesTotal } = machine.progress;
      if (at - lastAt < timing.stalled) return { state: "standby-synchronising", why: null };
      const isWhole = bytesTotal !== null && bytesDone >= bytesTotal;
      return { state: "standby-stalled", why: whyStalled(state, at, conflict, isWhole) };
    }
    case "maintenance":
      return { state: "maintenance", why: whyMaintenance };
    case "candidate":
      return { state: "standby-candidate", why: whyCandidate(state, machine) };
    case "following":
      if (isCut(state, at)) return readUnconnected(state, at, conflict);
      if (isCertified(state)) return readValid(state);
      return readCatchingUp(state, machine.lastAt, at, conflict);
    case "connecting":
      return readUnconnected(state, at, conflict);
  }
}

function readValid(state: PairState): Reading {
  const badge = isPermanent(state, state.self) ? states["standby-valid"].variant : undefined;
  return { state: "standby-valid", why: null, badge };
}

const whyMaintenance: Why = {
  code: "pair.maintenance",
  text: "An operator took this server out; it follows nobody and answers no sign-ins.",
  remedy: "Run `gridward pair maintenance off --local {dir}` here when the work is done.",
};

/** The Main of the term by its id, for sentences. */
function nameOfMain({ control }: PairState): string {
  return control.owner ?? "the Main";
}

function mainOf({ control, peers }: PairState): Peer | undefined {
  return control.owner === null ? undefined : peers.get(control.owner);
}

/** The Main is silent, be the link still open as far as this side knows. */
function isCut(state: PairState, at: Millis): boolean {
  const { owner } = state.control;
  const silence = owner === null ? null : silenceOf(state, owner, at);
  return silence === null || silence > state.timers.suspect || mainOf(state)?.linkUp !== true;
}

function readCatchingUp(
  state: PairState,
  lastAt: Millis,
  at: Millis,
  conflict: Why | null,
): Reading {
  const { head, machineSince } = state;
  const behind = (mainOf(state)?.head?.seq ?? head.seq) - head.seq;
  const badge = states["standby-synchronising"].variant;
  if (behind > 0 && at - Math.max(lastAt, machineSince) >= timing.stalled) {
    return { state: "standby-stalled", why: whyStalled(state, at, conflict, false) };
  }
  // An admission takes a second; a Main that holds this server off does so for ten at least.
  const limit = isPermanent(state, state.self) ? timing.stalled : 2 * timing.admission;
  const isHeldOff = behind <= 0 && at - machineSince >= limit;
  return { state: "standby-synchronising", why: isHeldOff ? notAdmitted(state) : null, badge };
}

function notAdmitted(state: PairState): Why {
  const main = nameOfMain(state);
  if (isPermanent(state, state.self)) {
    return {
      code: "pair.not-proved",
      text: `This server follows every change, and ${main} has not compared its state yet.`,
      remedy: `Look at the state and the load of ${main}. If it stays, restart this server.`,
    };
  }
  return {
    code: "pair.not-admitted",
    text: `This server follows every change, and ${main} does not count on it yet.`,
    remedy:
      `Nothing for 10 minutes: ${main} waits longer each time it had to let this server go. ` +
      `If it stays, look at the state of ${main}, and at what cuts the link again and again.`,
  };
}

/** As far as this side can know: the verdict on the link, the network, the disk, or the Main. */
function whyStalled(state: PairState, at: Millis, conflict: Why | null, isWhole: boolean): Why {
  const stopped = "Synchronising has made no progress for 60 s";
  const main = nameOfMain(state);
  if (conflict) return { ...conflict, text: `${stopped}. ${conflict.text}` };
  if (isWhole) {
    return {
      code: "pair.stalled-disk",
      text: "Everything has arrived, and writing it to the disk here has taken 60 s so far.",
      remedy: "Look at the disk of the data directory here: is it slow, or full?",
    };
  }
  if (isCut(state, at)) {
    return {
      code: "pair.stalled-network",
      text: `${stopped}: ${main} is not heard.`,
      remedy: `Start ${main}, or mend the network to it if it runs. The copy then goes on.`,
    };
  }
  if (mainOf(state)?.duty !== "main") {
    const why = whyNotMain(state);
    return { ...why, text: `${stopped}. ${why.text}` };
  }
  return {
    code: "pair.stalled-main",
    text: `${stopped}: ${main} answers and sends nothing of it.`,
    remedy: `Look at the load and the disk of ${main}. If it stays, restart this server.`,
  };
}

function whyNotMain(state: PairState): Why {
  const main = nameOfMain(state);
  return {
    code: "pair.no-main",
    text: `${main} answers, and it is not Main.`,
    remedy:
      `Run \`gridward server status\` on ${main}, and do what it says. If it cannot be Main again, ` +
      orderToPromote(state),
  };
}

/** HS14: a permanent Standby is no way out; another server is. */
function orderToPromote(state: PairState): string {
  if (isPermanent(state, state.self)) return `${promoteAnother}.`;
  return `run \`gridward pair promote${isComplete(state) ? "" : " --force"} --local {dir}\`.`;
}

const promoteAnother =
  "make another server Main there with `gridward pair promote`: this one is a permanent Standby";

/** Why no right comes from the witness. */
export const troubleWords: Readonly<Record<ArbiterTrouble, string>> = {
  silent: "the witness does not answer",
  blank: "the witness remembers nothing and gives no right",
  "other-system": "the witness belongs to another system",
  older: "the witness remembers an older time and gives no right",
};

function whyCandidate(state: PairState, { by }: Candidate): Why {
  const { trouble, goal } = state.arbitration;
  const main = nameOfMain(state);
  if (goal?.kind === "settle") return whySettling(main, trouble?.why);
  const what = { takeover: "is silent", promotion: "is silent", changeover: "hands over" }[by];
  if (trouble === null) {
    return {
      code: by === "changeover" ? "pair.handover" : "pair.main-silent",
      text: `${main} ${what}; the witness is being asked whether this server may be Main.`,
      remedy: `Nothing for some seconds. If it stays, look at ${main} and at the witness.`,
    };
  }
  const isSilent = trouble.why === "silent";
  return {
    code: `pair.witness-${trouble.why}`,
    text: `${main} ${what}, and ${troubleWords[trouble.why]}.`,
    remedy:
      `Start ${main}${isSilent ? " or the witness" : ""}, or mend the network to ` +
      `${isSilent ? "them if they run" : "it if it runs"}. ${promoteIfLost(main, "--force")}`,
  };
}

/** It wants to be Main no more; but whoever asked for a term may have been given it (R9). */
function whySettling(main: string, trouble: ArbiterTrouble | undefined): Why {
  const asked = "This server asked the witness to be Main, and must hear what became of that";
  if (trouble === undefined) {
    const remedy = "Nothing for some seconds. If it stays, look at the witness.";
    return { code: "pair.settling", text: `${asked}.`, remedy };
  }
  return {
    code: `pair.witness-${trouble}`,
    text: `${asked}; but ${troubleWords[trouble]}.`,
    remedy:
      "Start the witness, or mend the network to it. If it is gone for good, run " +
      "`gridward pair maintenance on --local {dir}` and then `off`: this server drops what it asked, " +
      `and follows ${main}. ${promoteIfLost(main, "--force")}`,
  };
}

/** Promoting beside a Main that lives loses what it takes alone: the condition stands before it. */
function promoteIfLost(main: string, ...force: readonly "--force"[]): string {
  const order = ["gridward pair promote", ...force, "--local {dir}"].join(" ");
  return (
    `Only if ${main} is off for good, run \`${order}\`: changes that only ${main} holds are lost ` +
    "then, or set aside when it returns."
  );
}

function readUnconnected(state: PairState, at: Millis, conflict: Why | null): Reading {
  const incompatible = mainOf(state)?.incompatible ?? null;
  if (incompatible !== null) {
    return { state: "standby-incompatible", why: whyIncompatible(nameOfMain(state), incompatible) };
  }
  if (conflict) return { state: "standby-security-conflict", why: conflict };
  return { state: "standby-connecting", why: whyUnconnected(state, at) };
}

export function whyIncompatible(
  partner: string,
  incompatible: NonNullable<Peer["incompatible"]>,
): Why {
  return {
    code: `pair.${incompatible}`,
    text:
      incompatible === "other-system"
        ? `${partner} belongs to another system; no data crosses.`
        : `${partner} speaks another version of the pair's protocol.`,
    remedy: `Check the address of ${partner}, and bring both servers to the same release.`,
  };
}

function whyUnconnected(state: PairState, at: Millis): Why {
  const main = nameOfMain(state);
  if (isCut(state, at)) return whyCut(state, at);
  if (mainOf(state)?.duty !== "main") return whyNotMain(state);
  return {
    code: "pair.not-following",
    text: `${main} answers, and has sent no change yet.`,
    remedy:
      "Nothing for some seconds. If it stays, look at the disk of this server, which may be full, " +
      `and at the state of ${main}.`,
  };
}

/** Whether the Main died or the network did cannot be known here. */
function whyCut(state: PairState, at: Millis): Why {
  const main = nameOfMain(state);
  const { control, timers } = state;
  const code = "pair.main-silent";
  const start = `Start ${main}, or mend the network to it if it runs.`;
  if (isPermanent(state, state.self)) {
    const remedy = `${start} If ${main} is off for good, ${promoteAnother}.`;
    return { code, text: `${main} does not answer.`, remedy };
  }
  if (!isComplete(state)) {
    return {
      code,
      text: `${main} does not answer, and may hold changes that this server lacks.`,
      remedy: `${start} ${promoteIfLost(main, "--force")}`,
    };
  }
  const silence = control.owner === null ? null : lifelessness(state, control.owner, at);
  if (control.mode !== "manual" && silence !== null) {
    const then = control.mode === "pair" ? "takes over" : "asks the witness, to take over";
    return {
      code,
      text: `${main} does not answer.`,
      remedy: `Nothing yet: after ${timers.suspect / 1_000} s of silence this server ${then} by itself.`,
    };
  }
  const never = silence === null ? " since this server started" : "";
  return {
    code,
    text: `${main} does not answer${never}; no server takes over by itself.`,
    remedy: `${start} ${promoteIfLost(main)}`,
  };
}

import type { Millis } from "../../base/time.ts";
import type { ServerState } from "../server-status.ts";
import type { ArbiterTrouble, PairState, Peer } from "./pair-state.ts";
import { type Badge, states } from "./states.ts";
import { timing } from "./timing.ts";
import { isComplete, silenceOf } from "./turn.ts";

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
      return { state: "standby-candidate", why: whyCandidate(state) };
    case "following":
      if (isCut(state, at)) return readUnconnected(state, at, conflict);
      if (isComplete(state)) return { state: "standby-valid", why: null };
      return readCatchingUp(state, machine.lastAt, at, conflict);
    case "connecting":
      return readUnconnected(state, at, conflict);
  }
}

const whyMaintenance: Why = {
  code: "pair.maintenance",
  text: "An operator took this server out; it follows nobody and answers no sign-ins.",
  remedy: "Run `gridward pair maintenance off --local DIR` here when the work is done.",
};

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
  const isHeldOff = behind <= 0 && at - machineSince >= timing.stalled;
  return { state: "standby-synchronising", why: isHeldOff ? notAdmitted : null, badge };
}

const notAdmitted: Why = {
  code: "pair.not-admitted",
  text: "This server follows every change, and the Main does not count on it yet.",
  remedy:
    "Nothing for 10 minutes: the Main waits longer each time it had to let this server go. " +
    "If it stays, look at the state of the Main, and at what cuts the link again and again.",
};

/** As far as this side can know: the verdict on the link, the network, the disk, or the Main. */
function whyStalled(state: PairState, at: Millis, conflict: Why | null, isWhole: boolean): Why {
  const stopped = "Synchronising has made no progress for 60 s";
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
      text: `${stopped}: the Main is not heard.`,
      remedy: "Start the Main, or look at the network between the servers. The copy then goes on.",
    };
  }
  if (mainOf(state)?.duty !== "main") return { ...notMain, text: `${stopped}. ${notMain.text}` };
  return {
    code: "pair.stalled-main",
    text: `${stopped}: the Main answers and sends nothing of it.`,
    remedy: "Look at the load and the disk of the Main. If it stays, restart this server.",
  };
}

const notMain: Why = {
  code: "pair.no-main",
  text: "The other server answers, and it is not Main.",
  remedy:
    "Look at its state there, and do what it says. " +
    "If it cannot be Main again, run `gridward pair promote` here.",
};

/** Why no right comes from the witness. */
const troubleWords: Readonly<Record<ArbiterTrouble, string>> = {
  silent: "the witness does not answer",
  blank: "the witness remembers nothing and gives no right",
  "other-system": "the witness belongs to another system",
  older: "the witness remembers an older time and gives no right",
};

function whyCandidate({ arbitration }: PairState): Why {
  const { trouble } = arbitration;
  if (trouble === null) {
    return {
      code: "pair.main-silent",
      text: "The Main is silent; the witness is being asked whether this server may be Main.",
      remedy: "Nothing for some seconds. If it stays, look at the Main and at the witness.",
    };
  }
  return {
    code: `pair.witness-${trouble.why}`,
    text: `The Main is silent, and ${troubleWords[trouble.why]}.`,
    remedy:
      `Start the Main${trouble.why === "silent" ? " or the witness" : ""}. ` +
      "If the Main is lost, run `gridward pair promote --force` here.",
  };
}

function readUnconnected(state: PairState, at: Millis, conflict: Why | null): Reading {
  const incompatible = mainOf(state)?.incompatible ?? null;
  if (incompatible !== null) {
    return { state: "standby-incompatible", why: whyIncompatible(incompatible) };
  }
  if (conflict) return { state: "standby-security-conflict", why: conflict };
  return { state: "standby-connecting", why: whyUnconnected(state, at) };
}

function whyIncompatible(incompatible: NonNullable<Peer["incompatible"]>): Why {
  return {
    code: `pair.${incompatible}`,
    text:
      incompatible === "other-system"
        ? "The partner belongs to another system; no data crosses."
        : "The partner speaks another version of the pair's protocol.",
    remedy: "Check the partner's address, and bring both servers to the same release.",
  };
}

function whyUnconnected(state: PairState, at: Millis): Why {
  if (isCut(state, at)) {
    return {
      code: "pair.main-silent",
      text: "The Main does not answer.",
      remedy: isComplete(state)
        ? "Start the Main. If it is lost, run `gridward pair promote` here."
        : "Start the Main: it went on without this server. " +
          "If it is lost for good, run `gridward pair promote --force` here.",
    };
  }
  if (mainOf(state)?.duty !== "main") return notMain;
  return {
    code: "pair.not-following",
    text: "The Main answers, and has sent no change yet.",
    remedy:
      "Nothing for some seconds. If it stays, look at the disk of this server, which may be full, " +
      "and at the state of the Main.",
  };
}

import type { NodeId } from "../../base/identity.ts";
import type { Millis } from "../../base/time.ts";
import type { Duty, Icon, ServerState } from "../server-status.ts";
import { readStandby, type Why } from "./describe-standby.ts";
import type { PairState } from "./pair-state.ts";
import { type Badge, iconOf, states } from "./states.ts";

/** A state as people read it: never without a cause and a remedy where someone must act. */
export interface Description {
  readonly duty: Duty;
  readonly state: ServerState;
  readonly cause: { readonly code: string; readonly text: string } | null;
  readonly remedy: string | null;
  readonly icon: Icon;
}

/** `conflict` is set while the partner's or our certificate is refused on the link (CS9). */
export function describe(state: PairState, at: Millis, conflict: Why | null): Description {
  const { machine } = state;
  switch (machine.duty) {
    case "main":
      return describeMain(state, conflict);
    case "standby": {
      const { state: name, why, badge } = readStandby(state, machine, at, conflict);
      return say(name, why, badge);
    }
    case "fenced":
      return say("fenced", {
        code: "pair.fenced",
        text: "This server was Main; another server is Main of a higher term.",
        remedy: "Nothing to do if the other server is on: this one becomes its Standby by itself.",
      });
    case "none":
      return describeNone(state);
  }
}

function say(state: ServerState, why: Why | null = null, badge?: Badge): Description {
  const cause = why && { code: why.code, text: why.text };
  const icon = iconOf(badge ?? states[state]);
  return { duty: states[state].duty, state, cause, remedy: why?.remedy ?? null, icon };
}

function describeMain(state: PairState, conflict: Why | null): Description {
  const { machine } = state;
  if (machine.duty !== "main") return describeNone(state);
  if (machine.phase === "draining") {
    return say("main-draining", {
      code: "pair.draining",
      text: "This Main is handing over; changes wait.",
      remedy: "Wait some seconds. If it stays, look at the state of the other server.",
    });
  }
  if (machine.phase === "read-only") {
    return say("main-read-only", {
      code: machine.code,
      text: machine.text,
      remedy: readOnlyRemedy(machine.code),
    });
  }
  return describeServing(state, conflict);
}

function describeServing(state: PairState, conflict: Why | null): Description {
  const { control, self, peers, unprotected } = state;
  const { goal, trouble } = state.arbitration;
  if (control.mode === "witness" && goal?.kind === "narrow" && trouble !== null) {
    return say("main-read-only", {
      code: "pair.alone",
      text: "Neither the Standby nor the witness answers: another server may be Main.",
      remedy:
        "Bring back the network, the Standby or the witness. If both are off for good, run `gridward pair promote --force` here.",
    });
  }
  const waitsFor = control.ackSet.filter((id) => id !== self && !peers.get(id)?.linkUp);
  if (waitsFor.length > 0) return describeWaiting(state);
  if (control.ackSet.length > 1) return say("main-protected");
  if (peers.size === 0) return say("lone");
  if (conflict) return say("main-exposed", conflict, states["main-exposed"].variant);
  return say("main-exposed", {
    code: "pair.unprotected",
    text: `Changes have one copy: ${unprotected?.reason ?? "no Standby is valid"}.`,
    remedy: "Start the Standby, or look at its state if it runs.",
  });
}

function readOnlyRemedy(code: string): string {
  if (code === "pair.partner-silent") {
    return "Start the Standby. If it is off for good, run `gridward pair promote --force` here.";
  }
  return code === "disk.full"
    ? "Free space on the disk of the data directory and restart this server, or change over."
    : "Stop this server, then run `gridward pair promote` on the Standby; delete nothing here.";
}

function describeWaiting(state: PairState): Description {
  const heard = [...state.peers.values()].some((peer) => peer.heardAt !== null);
  const why: Why = heard
    ? {
        code: "pair.waiting",
        text: `The Standby does not answer; changes wait up to ${state.timers.giveUp / 1_000} s for it.`,
        remedy: "Nothing yet: this Main then does what its mode says, and tells.",
      }
    : {
        code: "pair.waiting",
        text: "The partner was not heard since this Main started, and it may have taken over.",
        remedy:
          "Start the partner. If it is off for good, run `gridward pair promote --force` here.",
      };
  return say("main-waiting", why);
}

function describeNone(state: PairState): Description {
  const { machine } = state;
  if (machine.duty !== "none") return say("starting");
  switch (machine.phase) {
    case "blank":
      return say("blank", {
        code: "pair.blank",
        text: "There is no database here.",
        remedy: "Run `gridward server join DIR` to join a system, or `gridward system create`.",
      });
    case "invalid":
      return say("invalid-database", {
        code: machine.code,
        text: machine.text,
        remedy: "Run `gridward doctor DIR`, then join this server to its system again.",
      });
    case "diverged":
      return say("diverged", {
        code: "pair.diverged",
        text:
          `The system went on from change ${machine.fork.seq} without the ` +
          `${machine.entries} that follow it here; they are set aside while the Main is copied.`,
        remedy:
          "Nothing if the Main works: this server becomes its Standby by itself. " +
          "Judge the changes afterwards: `gridward pair set-aside list`.",
      });
    case "two-mains":
      return say("two-mains", {
        code: "pair.two-mains",
        text: twoMains(state, machine.other),
        remedy:
          "Choose one and run `gridward pair promote --force` there; " +
          "what only the other holds is set aside and can be judged.",
      });
  }
}

/** Both tails side by side, as far as the other's is known: the choice is a person's (I17). */
function twoMains({ control, head, peers }: PairState, other: NodeId): string {
  const theirs = peers.get(other)?.head;
  const end = theirs ? `, the other at ${theirs.seq} (term ${theirs.term})` : "";
  return (
    `Two servers hold term ${control.term}, and neither takes changes. ` +
    `This one ends at change ${head.seq} (term ${head.term})${end}.`
  );
}

import type { NodeId } from "../../base/identity.ts";
import type { Millis } from "../../base/time.ts";
import type { Duty, Icon, ServerState } from "../server-status.ts";
import { readMain } from "./describe-main.ts";
import { type Reading, readStandby, type Why } from "./describe-standby.ts";
import { type Machine, type PairState, strangerPeer } from "./pair-state.ts";
import { iconOf, states } from "./states.ts";

/** A state as people read it: never without a cause and a remedy where someone must act. */
export interface Description {
  readonly duty: Duty;
  readonly state: ServerState;
  readonly cause: { readonly code: string; readonly text: string } | null;
  readonly remedy: string | null;
  readonly icon: Icon;
}

/**
 * Servers are named by their ids, and the data directory here is `{dir}`: whoever shows the words
 * puts in what people know. `conflict` is set while the partner's or our certificate is refused on
 * the link (CS9).
 */
export function describe(state: PairState, at: Millis, conflict: Why | null): Description {
  const { machine } = state;
  switch (machine.duty) {
    case "main":
      return say(readMain(state, machine, at, conflict));
    case "standby":
      return say(readStandby(state, machine, at, conflict));
    case "fenced":
      return say({ state: "fenced", why: whyFenced(state, machine.by) });
    case "none":
      return say(readNone(state, machine));
  }
}

function say({ state, why, badge }: Reading): Description {
  const cause = why && { code: why.code, text: why.text };
  const icon = iconOf(badge ?? states[state]);
  return { duty: states[state].duty, state, cause, remedy: why?.remedy ?? null, icon };
}

function whyFenced({ control, peers }: PairState, by: NodeId): Why {
  const { linkUp, duty, term } = peers.get(by) ?? strangerPeer;
  if (linkUp && duty === "standby" && term < control.term) {
    // The witness gave it the term, and it was taken out before it heard so (R9, HS18).
    return {
      code: "pair.fenced",
      text: `This server was Main; ${by} was given the higher term ${control.term}, and is not Main.`,
      remedy:
        "Nothing for some seconds. If it stays, run `gridward pair promote --force --local {dir}`: " +
        `this server has what it confirmed, and ${by} becomes its Standby by itself.`,
    };
  }
  return {
    code: "pair.fenced",
    text: `This server was Main; ${by} is Main of the higher term ${control.term}.`,
    remedy:
      `Nothing if ${by} runs and can be reached: this server becomes its Standby by itself. ` +
      `Else start ${by}, or mend the network to it.`,
  };
}

type None = Extract<Machine, { readonly duty: "none" }>;

function readNone(state: PairState, machine: None): Reading {
  switch (machine.phase) {
    case "blank":
      return { state: "blank", why: whyBlank };
    case "invalid": {
      if (machine.code === "pair.removed") return whyRemoved(machine.text);
      const remedy =
        machine.code === "journal.unsupported"
          ? "Stop this server and start the version of Gridward that wrote the database."
          : "Run `gridward doctor {dir}`, then join this server to its system again.";
      return {
        state: "invalid-database",
        why: { code: machine.code, text: machine.text, remedy },
      };
    }
    case "diverged":
      return {
        state: "diverged",
        why: {
          code: "pair.diverged",
          text:
            `The system went on from change ${machine.fork.seq} without the ` +
            `${machine.entries} that follow it here; they are set aside while the Main is copied.`,
          remedy:
            "Nothing if the Main works: this server becomes its Standby by itself. " +
            "Judge the changes afterwards: `gridward pair set-aside list`.",
        },
      };
    case "two-mains":
      return { state: "two-mains", why: whyTwoMains(state, machine.other) };
  }
}

/** HS14: it can be no part of the system again as who it was. */
function whyRemoved(text: string): Reading {
  const { variant: badge } = states["invalid-database"];
  const remedy =
    "To return it joins as a new server, in an empty directory DIR: `gridward pair invite --name NAME` " +
    "on the Main; here stop this server, then `gridward server init DIR --name NAME`, " +
    "`gridward server run DIR`, and `gridward server join DIR` with the code.";
  return { state: "invalid-database", why: { code: "pair.removed", text, remedy }, badge };
}

const whyBlank: Why = {
  code: "pair.blank",
  text: "There is no database here.",
  remedy:
    "To join a system, run `gridward pair invite --name NAME` where somebody is signed in to it, " +
    "and here `gridward server join {dir}` with the code. For a new system, run " +
    "`gridward system create --local {dir} --base DN --site NAME`.",
};

/** Both tails side by side, as far as the other's is known: the choice is a person's (I17). */
function whyTwoMains({ control, head, peers }: PairState, other: NodeId): Why {
  const theirs = peers.get(other)?.head;
  const end = theirs ? `, ${other} at ${theirs.seq} (term ${theirs.term})` : "";
  return {
    code: "pair.two-mains",
    text:
      `This server and ${other} hold term ${control.term}, and neither takes changes. ` +
      `This one ends at change ${head.seq} (term ${head.term})${end}.`,
    remedy:
      "Choose one and promote it by force, this one with " +
      "`gridward pair promote --force --local {dir}`; " +
      "what only the other holds is set aside and can be judged.",
  };
}

import type { PairEvent } from "./event.ts";
import type { Machine } from "./pair-state.ts";
import { type Phase, phaseOf } from "./states.ts";

export type MoveCause = PairEvent["kind"] | "start" | "create";

/** What the machine can do. All that is no row here is a defect. */
export interface Move {
  readonly from: readonly (Phase | "off")[];
  readonly to: Phase;
  readonly on: readonly MoveCause[];
  readonly when: string;
  /** Rules of SPEC.md that govern it. */
  readonly rules: readonly string[];
  /** Seen in any few lives that the simulator plays; else why a test of its own plays it. */
  readonly seen: "simulator" | { readonly apart: string };
  /** In the picture for people. */
  readonly isDrawn: boolean;
}

const drawn = { seen: "simulator", isDrawn: true } as const;
const plain = { seen: "simulator", isDrawn: false } as const;

function apart(why: string, isDrawn = false): Pick<Move, "seen" | "isDrawn"> {
  return { seen: { apart: why }, isDrawn };
}

const seldom = "needs several faults at once";
const asMain = ["serving", "draining", "read-only"] as const;

/** One row for each way from one phase to another; table and simulator are held against it. */
export const moves: readonly Move[] = [
  {
    from: ["off"],
    to: "blank",
    on: ["start"],
    when: "the data directory holds no database",
    rules: ["I5"],
    ...drawn,
  },
  {
    from: ["off"],
    to: "invalid",
    on: ["start"],
    when: "the database does not pass its checks, or is not the one remembered",
    rules: ["R8", "I5"],
    ...apart("few lives damage a disk", true),
  },
  {
    from: ["off"],
    to: "serving",
    on: ["start"],
    when: "the control record says that the term is ours; it is resumed with its ack set",
    rules: ["R5", "R11", "R12"],
    ...drawn,
  },
  {
    from: ["off"],
    to: "draining",
    on: ["start"],
    when: "the term was offered before the stop; only the target's word ends that",
    rules: ["R5"],
    ...apart("needs a crash within a hand-over"),
  },
  {
    from: ["off"],
    to: "candidate",
    on: ["start"],
    when: "the witness was asked before the stop, and may have granted the term",
    rules: ["R9"],
    ...apart("needs a crash within a question to the witness"),
  },
  {
    from: ["off"],
    to: "connecting",
    on: ["start"],
    when: "there is a database, and the term is another's",
    rules: ["R5"],
    ...drawn,
  },
  {
    from: ["blank"],
    to: "serving",
    on: ["create"],
    when: "a new system is created here",
    rules: ["I5"],
    ...drawn,
  },
  {
    from: ["blank"],
    to: "synchronising",
    on: ["snapshot-begun"],
    when: "the Main sends its whole database",
    rules: ["I7"],
    ...drawn,
  },
  {
    from: ["diverged", "connecting", "following"],
    to: "synchronising",
    on: ["snapshot-begun"],
    when: "the history here cannot be continued: the Main's database is copied beside it",
    rules: ["I7", "R10"],
    ...apart(seldom, true),
  },
  {
    from: ["synchronising"],
    to: "connecting",
    on: ["generation-ready", "snapshot-failed", "message", "arbiter-answered", "disk-full"],
    when: "the copy is verified and takes the place of the old; or it broke off and the old stays",
    rules: ["I7", "R8"],
    ...drawn,
  },
  {
    from: ["synchronising"],
    to: "blank",
    on: ["snapshot-failed"],
    when: "the copy broke off, and there was no database before it",
    rules: ["I7"],
    ...plain,
  },
  {
    from: ["connecting"],
    to: "following",
    on: ["message"],
    when: "the Main sends what comes after our head",
    rules: ["R1"],
    ...drawn,
  },
  {
    from: ["diverged"],
    to: "following",
    on: ["message"],
    when: "a later Main has the changes that the one before it lacked",
    rules: ["R10"],
    ...apart("it takes a third server and two changes of Main in a row"),
  },
  {
    from: ["following"],
    to: "connecting",
    on: ["link-down", "message", "arbiter-answered", "disk-full"],
    when: "the link is lost, the Main changed or let us go, or the disk here is full",
    rules: ["R7", "R8"],
    ...drawn,
  },
  {
    from: ["following", "connecting"],
    to: "candidate",
    on: ["tick", "message", "order-promote"],
    when: "witness mode: a silent Main, its hand-over or a promotion; the witness is asked",
    rules: ["R4", "R6"],
    ...drawn,
  },
  {
    from: ["following", "connecting"],
    to: "serving",
    on: ["tick", "message", "order-promote"],
    when: "promoted; or the Main hands over; or, in pair mode, a valid Standby of a silent Main",
    rules: ["R3", "R4", "R5"],
    ...drawn,
  },
  {
    from: ["following", "connecting"],
    to: "diverged",
    on: ["message"],
    when: "the Main went on without changes that were, or may have been, answered here",
    rules: ["R10", "I15"],
    ...apart(seldom, true),
  },
  {
    from: ["following", "connecting"],
    to: "invalid",
    on: ["message", "database-invalid"],
    when: "the state here is not the Main's although the journals agree, or left it where no entry is kept",
    rules: ["R3", "I5", "I15"],
    ...apart("few lives bend a state", true),
  },
  {
    from: ["diverged"],
    to: "invalid",
    on: ["message", "database-invalid"],
    when: "a later Main left out what came here by a first pass; or this server was removed",
    rules: ["I15", "I5"],
    ...apart("it takes a first pass and two changes of Main; no life removes a server"),
  },
  {
    from: ["blank", "synchronising", "candidate", "maintenance", "fenced", "two-mains", ...asMain],
    to: "invalid",
    on: ["database-invalid"],
    when: "this server was removed from the system, and hears of it",
    rules: ["I5"],
    ...apart("no life of the simulator removes a server"),
  },
  {
    from: ["candidate"],
    to: "serving",
    on: ["arbiter-answered", "order-promote"],
    when: "the witness granted the term, or a person forced it",
    rules: ["R4", "R5", "R6"],
    ...drawn,
  },
  {
    from: ["candidate"],
    to: "connecting",
    on: ["arbiter-answered", "message", "tick"],
    when: "the Main lives, the witness refused, or nobody wants it any more",
    rules: ["R6", "R9"],
    ...drawn,
  },
  {
    from: ["synchronising"],
    to: "candidate",
    on: ["order-promote"],
    when: "promoted in witness mode with the database before the copy",
    rules: ["R4"],
    ...apart("no operator of the simulator promotes within a copy"),
  },
  {
    from: ["synchronising", "maintenance", "fenced", "two-mains"],
    to: "serving",
    on: ["order-promote"],
    when: "promoted, by force where the database is not complete",
    rules: ["R4", "I3", "I17"],
    ...apart(seldom),
  },
  {
    from: ["serving", "read-only"],
    to: "draining",
    on: ["order-changeover"],
    when: "a changeover was ordered to a valid Standby",
    rules: ["R5", "I33"],
    ...drawn,
  },
  {
    from: ["draining"],
    to: "serving",
    on: ["message", "arbiter-answered", "tick", "order-promote"],
    when: "the target refused, the witness settled it, 10 s passed before the offer, or forced",
    rules: ["R5", "I33"],
    ...apart("few hand-overs fail", true),
  },
  {
    from: ["serving"],
    to: "read-only",
    on: ["tick", "message", "disk-full", "arbiter-answered"],
    when: "pair mode and a silent Standby; the disk is full; or changes of this term are lost here",
    rules: ["R4", "I18"],
    ...drawn,
  },
  {
    from: ["draining"],
    to: "read-only",
    on: ["message", "disk-full", "arbiter-answered"],
    when: "the disk is full, or changes of this term are lost here",
    rules: ["I18", "I33"],
    ...apart(seldom),
  },
  {
    from: ["read-only"],
    to: "serving",
    on: ["tick", "order-promote"],
    when: "pair mode and every member follows again, or a person says that it goes on alone",
    rules: ["R4"],
    ...drawn,
  },
  {
    from: asMain,
    to: "connecting",
    on: ["message"],
    when: "the Main of a higher term introduces itself: this server is its Standby",
    rules: ["R7", "I16"],
    ...drawn,
  },
  {
    from: asMain,
    to: "fenced",
    on: ["message", "arbiter-answered"],
    when: "a higher term is heard of from anybody else",
    rules: ["R7", "I16"],
    ...apart("its owner mostly says so itself", true),
  },
  {
    from: ["fenced"],
    to: "connecting",
    on: ["message"],
    when: "the Main of the higher term answers",
    rules: ["R7"],
    ...apart("the fenced are few", true),
  },
  {
    from: asMain,
    to: "two-mains",
    on: ["message", "arbiter-answered"],
    when: "another server owns the same term",
    rules: ["R7", "I17"],
    ...apart("two operators must promote two servers", true),
  },
  {
    from: ["two-mains"],
    to: "connecting",
    on: ["message"],
    when: "a higher term is heard of: somebody chose the other server",
    rules: ["R7", "I17"],
    ...apart("two operators must promote two servers"),
  },
  {
    from: ["connecting", "following", "synchronising", "candidate"],
    to: "maintenance",
    on: ["order-maintenance"],
    when: "an operator takes this Standby out; it leaves the ack set durably and says so",
    rules: ["R2"],
    ...drawn,
  },
  {
    from: ["maintenance"],
    to: "connecting",
    on: ["order-maintenance"],
    when: "it is put back, and asks its Main what it missed",
    rules: ["R3"],
    ...drawn,
  },
  {
    from: ["off"],
    to: "maintenance",
    on: ["start"],
    when: "it was taken out before the stop",
    rules: ["R2"],
    ...apart("needs a restart within the maintenance"),
  },
];

/** The row of a move; undefined: there is no such move. */
export function findMove(from: Phase | "off", to: Phase): Move | undefined {
  return moves.find((move) => move.to === to && move.from.includes(from));
}

/** "serving > draining"; `from` is null where the process was off. */
export function moveOf(from: Machine | null, to: Machine): string {
  return `${placeOf(from)} > ${phaseOf(to)}`;
}

/**
 * May one event lead from here to there? A Main that begins with this very event may find its disk
 * full before the event is over, so that nobody sees it serve.
 */
export function isKnownMove(from: Machine | null, to: Machine): boolean {
  const [before, after] = [placeOf(from), phaseOf(to)];
  if (before === after || findMove(before, after) !== undefined) return true;
  const isFull = to.duty === "main" && to.phase === "read-only" && to.code === "disk.full";
  return isFull && findMove(before, "serving") !== undefined;
}

function placeOf(machine: Machine | null): Phase | "off" {
  return machine === null ? "off" : phaseOf(machine);
}

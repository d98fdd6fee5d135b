import type { Duty, Icon, ServerState } from "../server-status.ts";
import type { Machine } from "./pair-state.ts";

/** Where the machine of the pair stands: what its rules ask for, without the fields. */
export type Phase = Extract<Machine, { readonly phase: string }>["phase"] | "fenced";

export function phaseOf(machine: Machine): Phase {
  return machine.duty === "fenced" ? "fenced" : machine.phase;
}

/** How urgent a state looks: never told by colour alone (HS13). */
export const marks = {
  off: { shape: "square", colour: "grey" },
  calm: { shape: "circle", colour: "grey" },
  good: { shape: "check", colour: "green" },
  act: { shape: "triangle", colour: "amber" },
  investigate: { shape: "diamond", colour: "magenta" },
} as const;

/** What stands beside the state's name, everywhere alike. */
export interface Badge {
  readonly mark: keyof typeof marks;
  readonly word: string;
}

/** What people may count on in one state (research: §2.5). */
export interface StateRow extends Badge {
  /** Number in the research's list of states; null: not in it. */
  readonly number: number | null;
  readonly duty: Duty;
  /** None: no process runs the machine. */
  readonly phases: readonly Phase[];
  readonly means: string;
  /** held: they wait some seconds and are then answered. */
  readonly writes: "yes" | "held" | "no";
  /** aged: answered, and marked as older than the freshest. */
  readonly signIns: "yes" | "aged" | "no";
  /** yes: where `promotable` says so; by force: with the loss named and recorded. */
  readonly mayBecomeMain: "is" | "yes" | "by force" | "never";
  readonly mustAct: "yes" | "if it lasts" | "no";
  /** The same state with another badge, and when. */
  readonly variant?: Badge & { readonly when: string };
}

const asMain = { duty: "main", signIns: "yes", mayBecomeMain: "is" } as const;
const asStandby = { duty: "standby", writes: "no", signIns: "aged" } as const;
const asNobody = {
  duty: "none",
  writes: "no",
  signIns: "no",
  mayBecomeMain: "never",
} as const;

/** Every state that a person may read, once (HS1). */
export const states: Readonly<Record<ServerState, StateRow>> = {
  starting: {
    ...asNobody,
    number: 0,
    phases: [],
    means: "The database is being checked.",
    mustAct: "no",
    mark: "calm",
    word: "Starting",
  },
  blank: {
    ...asNobody,
    number: 1,
    phases: ["blank"],
    means: "There is no database here; it comes from a Main, or with a new system.",
    mustAct: "yes",
    mark: "calm",
    word: "Blank Database",
  },
  lone: {
    ...asMain,
    duty: "lone",
    number: 2,
    phases: ["serving"],
    means: "The only server of its system that may be Main: changes have one copy.",
    writes: "yes",
    mustAct: "no",
    mark: "calm",
    word: "Lone",
  },
  "main-protected": {
    ...asMain,
    number: 3,
    phases: ["serving"],
    means: "Every change is on the disk of the Standby too before it is answered.",
    writes: "yes",
    mustAct: "no",
    mark: "good",
    word: "Main",
  },
  "main-exposed": {
    ...asMain,
    number: 4,
    phases: ["serving"],
    means: "Changes go on with one copy, since the time and for the reason told.",
    writes: "yes",
    mustAct: "yes",
    mark: "act",
    word: "Main, not protected",
    variant: {
      mark: "investigate",
      word: "Invalid Standby Configuration",
      when: "a certificate is refused on the link",
    },
  },
  "main-waiting": {
    ...asMain,
    number: 5,
    phases: ["serving"],
    means: "Changes wait for a Standby that does not answer.",
    writes: "held",
    signIns: "aged",
    mustAct: "if it lasts",
    mark: "act",
    word: "Waiting for the Standby",
  },
  "main-read-only": {
    ...asMain,
    number: 6,
    phases: ["read-only", "serving"],
    means: "Changes are stopped, because another server may be Main or the disk is full.",
    writes: "no",
    signIns: "aged",
    mustAct: "yes",
    mark: "investigate",
    word: "Changes stopped",
  },
  "main-draining": {
    ...asMain,
    number: 7,
    phases: ["draining"],
    means: "The duty is being handed to the Standby; changes wait for the outcome.",
    writes: "held",
    mustAct: "if it lasts",
    mark: "act",
    word: "Handing over",
  },
  "standby-connecting": {
    ...asStandby,
    number: 8,
    phases: ["connecting", "following"],
    means: "Nothing comes from the Main; it is dialled again and again.",
    mayBecomeMain: "yes",
    mustAct: "yes",
    mark: "act",
    word: "Connecting",
  },
  "standby-security-conflict": {
    ...asStandby,
    number: 9,
    phases: ["connecting", "following"],
    means: "One server refuses the certificate or the settings of the other.",
    mayBecomeMain: "yes",
    mustAct: "yes",
    mark: "investigate",
    word: "Invalid Standby Configuration",
  },
  "standby-incompatible": {
    ...asStandby,
    number: 10,
    phases: ["connecting"],
    means: "The partner is of another system or speaks another version; no data crosses.",
    mayBecomeMain: "yes",
    mustAct: "yes",
    mark: "investigate",
    word: "Incompatible",
  },
  "standby-synchronising": {
    ...asStandby,
    number: 11,
    phases: ["synchronising", "following"],
    means: "The database or the last changes come from the Main; progress is shown.",
    mayBecomeMain: "by force",
    mustAct: "no",
    mark: "act",
    word: "Synchronising",
    variant: { mark: "act", word: "Catching up", when: "only the last changes are missing" },
  },
  "standby-stalled": {
    ...asStandby,
    number: 12,
    phases: ["synchronising", "following"],
    means: "Synchronising made no progress for 60 s, for the reason told.",
    mayBecomeMain: "by force",
    mustAct: "yes",
    mark: "investigate",
    word: "Stalled",
  },
  "standby-valid": {
    ...asStandby,
    number: 13,
    phases: ["following"],
    means: "It holds every change that was answered, and can become Main at once.",
    signIns: "yes",
    mayBecomeMain: "yes",
    mustAct: "no",
    mark: "good",
    word: "Standby",
    variant: {
      mark: "good",
      word: "Permanent Standby",
      when: "it was invited as one, and never becomes Main",
    },
  },
  "standby-candidate": {
    ...asStandby,
    number: 14,
    phases: ["candidate"],
    means: "The Main is silent or hands over, and the witness is asked for the next term.",
    mayBecomeMain: "yes",
    mustAct: "if it lasts",
    mark: "act",
    word: "Asking the witness",
  },
  fenced: {
    ...asNobody,
    duty: "fenced",
    number: 15,
    phases: ["fenced"],
    means: "It was Main; another server is Main of a higher term.",
    mayBecomeMain: "by force",
    mustAct: "if it lasts",
    mark: "act",
    word: "Fenced",
  },
  diverged: {
    ...asNobody,
    number: 16,
    phases: ["diverged"],
    means: "Changes here are not in the system; they are set aside while the Main is copied.",
    mustAct: "yes",
    mark: "investigate",
    word: "Diverged",
  },
  "invalid-database": {
    ...asNobody,
    number: 17,
    phases: ["invalid"],
    means: "The database here cannot be trusted, for the reason told, and is not used.",
    mustAct: "yes",
    mark: "investigate",
    word: "Invalid Database",
    variant: { mark: "investigate", word: "Removed", when: "it was removed from the system" },
  },
  "two-mains": {
    ...asNobody,
    number: 19,
    phases: ["two-mains"],
    means: "Two servers hold the same term, and neither takes changes: a person chooses.",
    mayBecomeMain: "by force",
    mustAct: "yes",
    mark: "investigate",
    word: "Two Mains",
  },
  maintenance: {
    ...asStandby,
    number: 20,
    phases: ["maintenance"],
    means: "Taken out by an operator: it follows nobody until it is put back.",
    signIns: "no",
    mayBecomeMain: "by force",
    mustAct: "if it lasts",
    mark: "act",
    word: "Maintenance",
  },
  stopped: {
    ...asNobody,
    number: null,
    phases: [],
    means: "No process answers in the data directory.",
    mustAct: "yes",
    mark: "off",
    word: "Stopped",
  },
};

export function iconOf({ mark, word }: Badge): Icon {
  return { ...marks[mark], word };
}

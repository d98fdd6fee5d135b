import type { NodeId } from "../../base/identity.ts";
import type { Instant, Millis } from "../../base/time.ts";
import type { ArbiterRecord } from "../arbiter.ts";
import type { ArbitrationMode } from "../arbitration-mode.ts";
import type { ControlRecord } from "../control-record.ts";
import type { Position } from "../entry.ts";
import type { Duty } from "../server-status.ts";
import type { ServerKind } from "../types.ts";
import type { Timers } from "./timing.ts";

/** What this server knows of one partner. Lost with the link, but for the counters at the end. */
export interface Peer {
  readonly linkUp: boolean;
  /** Monotonic time of the last message; null: never since this server started. */
  readonly heardAt: Millis | null;
  readonly duty: Duty | null;
  readonly term: number;
  readonly head: Position | null;
  readonly complete: boolean;
  readonly incompatible: "other-system" | "other-version" | null;
  /** After so much silence it suspects its Main; null: it has not said. */
  readonly suspectAfter: Millis | null;
  /** As Main: how far this partner follows, confirmed durable. null: it does not follow. */
  readonly acked: Position | null;
  /** As Main: last entry sent on this link. */
  readonly sent: number;
  /** As Main: since when an entry waits for this partner's ack. */
  readonly lateSince: Millis | null;
  readonly snapshotting: boolean;
  /** As Main: the last round in which its right to succeed was told, and what it confirmed of it. */
  readonly rights: {
    readonly round: number;
    readonly told: ArbitrationMode | null;
    readonly kept: ArbitrationMode | null;
    readonly at: Millis;
  };
  /** When it last answered at all, be it with a refusal: it is alive. */
  readonly aliveAt: Millis | null;
  /** As Main: how often it was dropped for lateness, and when it may be admitted again. */
  readonly dropped: number;
  readonly admitAfter: Millis;
}

/** What this server is in the pair, with only the fields that make sense there. */
export type Machine =
  | { readonly duty: "none"; readonly phase: "blank" }
  | {
      readonly duty: "none";
      readonly phase: "invalid";
      readonly code: string;
      readonly text: string;
    }
  | {
      readonly duty: "none";
      readonly phase: "diverged";
      readonly fork: Position;
      readonly entries: number;
    }
  | { readonly duty: "none"; readonly phase: "two-mains"; readonly other: NodeId }
  | {
      readonly duty: "main";
      readonly phase: "serving";
      /** Held back: a Standby is being admitted until this time. */
      readonly admitting: {
        readonly peer: NodeId;
        readonly until: Millis;
        readonly asked: boolean;
      } | null;
    }
  | {
      readonly duty: "main";
      readonly phase: "draining";
      readonly to: NodeId;
      readonly since: Millis;
      readonly offered: boolean;
    }
  | {
      readonly duty: "main";
      readonly phase: "read-only";
      readonly code: string;
      readonly text: string;
    }
  | { readonly duty: "standby"; readonly phase: "connecting" }
  | {
      readonly duty: "standby";
      readonly phase: "synchronising";
      readonly progress: {
        readonly bytesDone: number;
        readonly bytesTotal: number | null;
        readonly startedAt: Millis;
        readonly lastAt: Millis;
      };
    }
  | { readonly duty: "standby"; readonly phase: "following"; readonly lastAt: Millis }
  | { readonly duty: "standby"; readonly phase: "maintenance" }
  /** Listens to the old Main no more and asks the witness for the next term (R6). */
  | {
      readonly duty: "standby";
      readonly phase: "candidate";
      readonly since: Millis;
      readonly by: "takeover" | "promotion" | "changeover";
      /** Of the offer that it accepted; 0 without one. */
      readonly round: number;
      readonly ackSet: readonly NodeId[];
    }
  | { readonly duty: "fenced"; readonly by: NodeId };

export type Serving = Extract<Machine, { readonly phase: "serving" }>;
export type Candidate = Extract<Machine, { readonly phase: "candidate" }>;
export type Draining = Extract<Machine, { readonly phase: "draining" }>;

/** What the witness is to be brought to. One at a time; asked again until it is. */
export type Goal =
  /** As Main: a member leaves the set. */
  | { readonly kind: "narrow"; readonly member: NodeId; readonly reason: string }
  /** As Main: a member that we count already may succeed us. */
  | { readonly kind: "widen"; readonly member: NodeId }
  /** As Main: what is recorded is what we obey; our place in the history is noted. */
  | { readonly kind: "renew" }
  /** As candidate: the next term is ours. */
  | { readonly kind: "succeed" }
  /** Nothing that we asked for before can take effect any more (R9). */
  | { readonly kind: "settle" };

/** What this server knows of the witness, and what it wants of it. */
export interface Arbitration {
  readonly record: ArbiterRecord | null;
  readonly goal: Goal | null;
  readonly asked: {
    readonly id: number;
    readonly isRead: boolean;
    readonly goal: Goal | null;
    readonly at: Millis;
  } | null;
  readonly nextId: number;
  /** Why no right can come from it now. */
  readonly trouble: { readonly why: ArbiterTrouble; readonly since: Millis } | null;
  readonly askAt: Millis;
}

export type ArbiterTrouble = "silent" | "blank" | "other-system" | "older";

/**
 * The whole memory of the pair's rules. `control` mirrors what is durable; `head` is the durable
 * end of the journal; entries up to `committed` may be seen and were, or may be, acknowledged.
 */
export interface PairState {
  readonly self: NodeId;
  readonly control: ControlRecord;
  readonly head: Position;
  readonly committed: number;
  readonly machine: Machine;
  readonly machineSince: Millis;
  readonly peers: ReadonlyMap<NodeId, Peer>;
  /** What each server of the system is, as our journal says; empty without one. */
  readonly kinds: ReadonlyMap<NodeId, ServerKind>;
  /** Since when changes have had one copy although there is a partner (wall clock), and why. */
  readonly unprotected: { readonly since: Instant; readonly reason: string } | null;
  /** As Main: term or ack set differ from what our journal says last; an entry is due. */
  readonly unrecorded: boolean;
  readonly timers: Timers;
  readonly arbitration: Arbitration;
  /** As Main: hand-overs offered since this process started. */
  readonly offers: number;
  /** As Main: since when the mode is being switched. */
  readonly switchingSince: Millis;
  /** As Main: the mode is switched, and its order waits until every member has its new right. */
  readonly granting: boolean;
  readonly heartbeatAt: Millis;
  /** Since when this process runs without having stood still; it heard nobody before. */
  readonly awakeSince: Millis;
}

/** Read-only sight of the journal that the rules need. */
export interface HistoryView {
  readonly hashAt: (seq: number) => string | undefined;
  /** The whole place of an entry that is kept. */
  readonly placeAt: (seq: number) => Position | undefined;
  readonly first: () => number;
  /** Last position of each term, oldest first. */
  readonly terms: () => readonly Position[];
  /** Whose a term of this history is. */
  readonly ownerOf: (term: number) => NodeId | undefined;
  /** State digest at the durable head. */
  readonly digest: () => string;
  /** What each server of the system is; the same map as long as nothing changed. */
  readonly kinds: () => ReadonlyMap<NodeId, ServerKind>;
}

export const strangerPeer: Peer = {
  linkUp: false,
  heardAt: null,
  duty: null,
  term: 0,
  head: null,
  complete: false,
  incompatible: null,
  suspectAfter: null,
  acked: null,
  sent: 0,
  lateSince: null,
  snapshotting: false,
  rights: { round: 0, told: null, kept: null, at: 0 },
  aliveAt: null,
  dropped: 0,
  admitAfter: 0,
};

export const unasked: Arbitration = {
  record: null,
  goal: null,
  asked: null,
  nextId: 1,
  trouble: null,
  askAt: 0,
};

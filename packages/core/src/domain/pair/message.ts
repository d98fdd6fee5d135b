import type { NodeId, SystemId } from "../../base/identity.ts";
import type { Millis } from "../../base/time.ts";
import type { ArbitrationMode } from "../arbitration-mode.ts";
import type { Entry, Position } from "../entry.ts";
import type { Duty } from "../server-status.ts";

/** What two servers of a pair say to each other. Every message names the term it is said in. */
export type PairMessage =
  /** First on every link, and again whenever term or duty changed. */
  | {
      readonly kind: "hello";
      readonly systemId: SystemId | null;
      readonly duty: Duty;
      readonly term: number;
      readonly owner: NodeId | null;
      readonly head: Position;
      readonly committed: number;
      readonly ackSet: readonly NodeId[];
      readonly complete: boolean;
      /** Version of this conversation; unequal versions do not replicate. */
      readonly version: number;
      /** How long its Main may be silent before it suspects it, milliseconds (R18). */
      readonly suspectAfter: Millis;
    }
  | {
      readonly kind: "heartbeat";
      readonly term: number;
      readonly owner: NodeId | null;
      readonly duty: Duty;
      readonly head: Position;
      readonly committed: number;
      readonly complete: boolean;
    }
  /**
   * Standby to Main: send me what follows my head, which is of a term of this server's. A blank
   * server says `head: origin`; no owner: the place came from a Main, with its database.
   */
  | {
      readonly kind: "follow";
      readonly term: number;
      readonly head: Position;
      readonly owner: NodeId | null;
    }
  | {
      readonly kind: "entries";
      readonly term: number;
      readonly entries: readonly Entry[];
      readonly committed: number;
    }
  /** Standby to Main: everything up to `head` is on my disk. */
  | { readonly kind: "ack"; readonly term: number; readonly head: Position }
  /**
   * Main to Standby: your history left mine; `points` are the ends of my terms, oldest first, and
   * `between` my places of the range you asked for.
   */
  | {
      readonly kind: "forked";
      readonly term: number;
      readonly points: readonly Position[];
      readonly between: readonly Position[] | null;
    }
  /** Standby to Main: show me your places from `low` to `high`, that I find the fork exactly. */
  | {
      readonly kind: "compare";
      readonly term: number;
      readonly low: number;
      readonly high: number;
    }
  /** Main to Standby: you hold all I have; is your state mine? (R3) */
  | {
      readonly kind: "prove";
      readonly term: number;
      readonly position: Position;
      readonly digest: string;
    }
  | {
      readonly kind: "proof";
      readonly term: number;
      readonly position: Position;
      readonly digest: string;
    }
  /** Main to Standby: you are in the recorded ack set; certify your database. */
  | { readonly kind: "admit"; readonly term: number; readonly ackSet: readonly NodeId[] }
  /** Main to Standby: from now on you may succeed me by this right, and by no other. */
  | {
      readonly kind: "rights";
      readonly term: number;
      readonly round: number;
      readonly mode: ArbitrationMode;
    }
  /** Standby to Main: that is on my disk. */
  | {
      readonly kind: "rights-kept";
      readonly term: number;
      readonly round: number;
      readonly mode: ArbitrationMode;
    }
  /** Standby to Main: I have durably left the ack set. */
  | { readonly kind: "leaving"; readonly term: number; readonly reason: string }
  /** Main to Standby: take over with `term`, if your head is mine. */
  | {
      readonly kind: "handover";
      readonly term: number;
      /** Of this offer: each that is made for one term has its own, and no answer counts for another. */
      readonly round: number;
      readonly head: Position;
      readonly ackSet: readonly NodeId[];
      /** In witness mode the target asks the witness for the term. */
      readonly mode: ArbitrationMode;
    }
  | {
      readonly kind: "handover-refused";
      readonly term: number;
      readonly round: number;
      readonly reason: string;
    }
  | { readonly kind: "handover-cancel"; readonly term: number; readonly round: number };

export const pairVersion = 1;

import type { NodeId } from "../../base/identity.ts";
import type { Instant, Millis } from "../../base/time.ts";
import type { ArbiterAnswer, ArbiterRequest } from "../arbiter.ts";
import type { ArbitrationMode } from "../arbitration-mode.ts";
import type { ControlRecord } from "../control-record.ts";
import type { Entry, Position } from "../entry.ts";
import type { RefusalCode } from "../refusal.ts";
import type { PairRow } from "../types.ts";
import type { PairMessage } from "./message.ts";

/** What happens to a server of a pair. Every event comes with both clocks. */
export type PairEvent =
  | { readonly kind: "tick" }
  | { readonly kind: "link-up" | "link-down"; readonly peer: NodeId }
  | { readonly kind: "message"; readonly peer: NodeId; readonly message: PairMessage }
  /** As Main: our own entries are durable up to `head`. */
  | { readonly kind: "appended"; readonly head: Position }
  | { readonly kind: "disk-full" }
  /** As Standby: a snapshot arrives, moves on, is verified and ready, or failed. */
  | { readonly kind: "snapshot-begun"; readonly bytesTotal: number | null }
  | {
      readonly kind: "snapshot-progress";
      readonly bytesDone: number;
      readonly bytesTotal: number;
    }
  | {
      readonly kind: "generation-ready";
      readonly incarnation: string;
      readonly position: Position;
      readonly digest: string;
    }
  | { readonly kind: "snapshot-failed" }
  | { readonly kind: "snapshot-sent"; readonly peer: NodeId }
  | { readonly kind: "database-invalid"; readonly code: string; readonly text: string }
  /** Both dial directions judged `ok` just now, or not: the shell tried (HS6). */
  | { readonly kind: "order-changeover"; readonly to: NodeId; readonly directionsOk: boolean }
  | { readonly kind: "order-promote"; readonly force: boolean }
  | { readonly kind: "order-mode"; readonly mode: ArbitrationMode; readonly hasWitness: boolean }
  | { readonly kind: "order-maintenance"; readonly isOn: boolean }
  /** It is no server of the system any more, and its connections are closed. */
  | { readonly kind: "partner-removed"; readonly peer: NodeId }
  /** It answered, be it with a refusal: nobody takes over from a server that lives. */
  | { readonly kind: "partner-answered"; readonly peer: NodeId }
  /** Exactly one for each `ask-arbiter`; silent: no answer in time, or no connection. */
  | {
      readonly kind: "arbiter-answered";
      readonly id: number;
      readonly answer: ArbiterAnswer | { readonly kind: "silent" };
    };

export type OrderEvent = Extract<PairEvent, { readonly kind: `order-${string}` }>;

/** What a server holds beyond the fork, and what is known of whom it was told. */
export interface Tail {
  readonly after: Position;
  readonly upTo: Position;
  /** Up to this number its changes were acknowledged; `rest` holds for those after it. */
  readonly acknowledged: number;
  readonly rest: "not acknowledged" | "unknown";
  /** Ends of the terms of the history that went on without it. */
  readonly theirs: readonly Position[];
}

export interface Clocks {
  /** Monotonic milliseconds: all timers. */
  readonly at: Millis;
  /** Wall clock: only for what people read. */
  readonly now: Instant;
}

/**
 * What the shell must do, in this order. Each is done, and durable where it writes, before the next
 * one starts; so "write-control, send" means the promise is on disk before it is given.
 */
export type PairAction =
  | { readonly kind: "write-control"; readonly control: ControlRecord }
  | { readonly kind: "send"; readonly to: NodeId; readonly message: PairMessage }
  /** Read entries from the journal and send them, at most `entriesPerMessage`. */
  | {
      readonly kind: "send-entries";
      readonly to: NodeId;
      readonly from: number;
      readonly upTo: number;
    }
  | { readonly kind: "send-snapshot"; readonly to: NodeId }
  /** As Standby: these continue the head. */
  | { readonly kind: "append"; readonly entries: readonly Entry[] }
  /** Entries up to `seq` become visible; who waits for them is answered. */
  | { readonly kind: "commit"; readonly seq: number }
  /** As Main: write this entry of our own; an `appended` event follows. */
  | { readonly kind: "record-term"; readonly pair: PairRow }
  | {
      readonly kind: "record-ack-set";
      readonly ackSet: readonly NodeId[];
      readonly unprotected: PairRow["unprotected"];
    }
  | { readonly kind: "record-mode"; readonly mode: ArbitrationMode }
  | { readonly kind: "ask-arbiter"; readonly id: number; readonly request: ArbiterRequest }
  /** Write the tail to its file, fsync it and read it back (R10), then the next action may cut it. */
  | { readonly kind: "export-tail"; readonly tail: Tail }
  | { readonly kind: "truncate"; readonly after: Position }
  | { readonly kind: "swap-generation"; readonly incarnation: string }
  /** Who waits for a change hears "unknown": it may or may not be in the next Main's journal. */
  | { readonly kind: "abandon-waiting" }
  /** The outcome of an operator's order. */
  | { readonly kind: "order-done" }
  | { readonly kind: "order-refused"; readonly code: RefusalCode; readonly detail: string };

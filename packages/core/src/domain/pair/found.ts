import type { NodeId } from "../../base/identity.ts";
import type { Instant, Millis } from "../../base/time.ts";
import type { ControlRecord } from "../control-record.ts";
import type { Position } from "../entry.ts";
import type { PairRow, ServerKind } from "../types.ts";

/** What a server finds on its disk when it starts. */
export interface Found {
  readonly self: NodeId;
  readonly control: ControlRecord;
  /** Durable end of the journal, and how far it is known to be committed. */
  readonly head: Position;
  readonly committed: number;
  readonly partners: readonly NodeId[];
  /** What each server of the system is, as the journal says. */
  readonly kinds: ReadonlyMap<NodeId, ServerKind>;
  /** The one timer that can be set, milliseconds. */
  readonly suspectAfter: Millis;
  /** What the journal says last of the pair; null on a blank server. */
  readonly recorded: PairRow | null;
  /** One slot of the control record is damaged: what the other says may be one write old (R17). */
  readonly isDoubtful: boolean;
  /** Set when the database was found unusable. */
  readonly fault: { readonly code: string; readonly text: string } | null;
  readonly at: Millis;
  readonly now: Instant;
}

import type { NodeId, SystemId } from "../base/identity.ts";
import type { Instant } from "../base/time.ts";
import type { Position } from "./entry.ts";

/**
 * What a server remembers outside its database (design §4): two alternating slots with checksum
 * and generation, fsynced. A database older than this record is thereby recognised.
 */
export interface ControlRecord {
  readonly version: 1;
  readonly nodeId: NodeId;
  /** null on a blank server. */
  readonly systemId: SystemId | null;
  /** Names the current generation of the database; null while there is none. */
  readonly incarnation: string | null;
  /** Highest term this server has seen anywhere, and who owns it (rule R7). */
  readonly term: number;
  readonly owner: NodeId | null;
  /** Starts of this server as owner of `term`. */
  readonly start: number;
  /** Highest position ever durable here. */
  readonly highest: Position;
  /** Servers that must hold a change before it is acknowledged, as last recorded (R1, R2). */
  readonly ackSet: readonly NodeId[];
  /** Proof that the database was complete; erased before the first byte it covers changes (R8). */
  readonly certificate: ValidityCertificate | null;
  /** A hand-over this server has offered and not seen answered: it acknowledges nothing meanwhile. */
  readonly handover: { readonly term: number; readonly to: NodeId } | null;
}

export interface ValidityCertificate {
  readonly incarnation: string;
  readonly position: Position;
  readonly digest: string;
  /** True only while the holder is in the ack set; an unforced promotion needs it. */
  readonly complete: boolean;
  readonly certifiedBy: NodeId;
  readonly at: Instant;
}

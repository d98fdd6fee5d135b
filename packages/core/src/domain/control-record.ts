import type { NodeId, SystemId } from "../base/identity.ts";
import type { Instant } from "../base/time.ts";
import type { ArbitrationMode } from "./arbitration-mode.ts";
import { origin, type Position } from "./entry.ts";

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
  /** As Main: how a silent member may leave the ack set. As Standby: by what right it may succeed. */
  readonly mode: ArbitrationMode;
  /** As Main: a mode that is being switched to; until it is, nobody is dropped and nobody succeeds. */
  readonly switching: ArbitrationMode | null;
  /** The term a witness was asked for, written before it is asked; null when that is settled (R9). */
  readonly candidacy: number | null;
  /** As Standby: taken out by an operator since then; it follows nobody until it is put back. */
  readonly maintenance: { readonly since: Instant } | null;
  /** Highest version of the witness's register seen: one with less was put back from an old copy. */
  readonly arbiterVersion: number;
  /** Up to this change `ackSet` does not prove what was acknowledged: a slot was lost (R17). */
  readonly doubtedUpTo: number;
  /** A slot was lost that may have named the database that lies here: nothing clears it away (R17). */
  readonly lostName: boolean;
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

/** What a server knows before it has a database. */
export function blankControl(self: NodeId, system: SystemId | null): ControlRecord {
  return {
    version: 1,
    nodeId: self,
    systemId: system,
    incarnation: null,
    term: 0,
    owner: null,
    start: 0,
    highest: origin,
    ackSet: [],
    certificate: null,
    handover: null,
    mode: "manual",
    switching: null,
    candidacy: null,
    maintenance: null,
    arbiterVersion: 0,
    doubtedUpTo: 0,
    lostName: false,
  };
}

import type { NodeId, SystemId } from "../base/identity.ts";
import type { Position } from "./entry.ts";

/**
 * What the witness of a system remembers: one register. `floor` is a place that the owner has
 * certainly held, so that an owner put back from an old copy sees that it is behind.
 */
export interface ArbiterRecord {
  readonly systemId: SystemId;
  /** Grows by one with each accepted write. */
  readonly version: number;
  readonly term: number;
  readonly owner: NodeId;
  readonly ackSet: readonly NodeId[];
  readonly floor: Position;
}

/** What is to be written; the version comes from the register. */
export type ArbiterEntry = Omit<ArbiterRecord, "version">;

/**
 * `seed` fills a blank register, and only on an operator's word (amnesia: a blank one abstains).
 * Its version is the highest that the Main has seen of any register of its system.
 */
export type ArbiterRequest =
  | { readonly kind: "read" }
  | { readonly kind: "cas"; readonly version: number; readonly next: ArbiterEntry }
  | { readonly kind: "seed"; readonly version: number; readonly next: ArbiterEntry };

export type ArbiterAnswer =
  /** The register as it is: read, or written as asked. */
  | { readonly kind: "record"; readonly record: ArbiterRecord }
  /** It was something else already; nothing was written. */
  | { readonly kind: "conflict"; readonly record: ArbiterRecord }
  /** Nothing is remembered here: no right can come from it. */
  | { readonly kind: "blank" }
  /** It serves another system. */
  | { readonly kind: "other-system" }
  /** The write makes no sense: a lower term, or another owner in the same term. */
  | { readonly kind: "refused"; readonly record: ArbiterRecord };

/** Beyond whatever the other servers may have seen of a register that is gone. */
const seedLeap = 1_000;

export interface ArbiterStep {
  readonly record: ArbiterRecord | null;
  readonly answer: ArbiterAnswer;
}

/**
 * The witness's whole logic: a register with read and compare-and-set. What changes is durable
 * before the answer goes out. Terms never go back, and a term keeps its owner (R5, R7).
 */
export function answerArbiter(record: ArbiterRecord | null, request: ArbiterRequest): ArbiterStep {
  if (record === null) {
    if (request.kind !== "seed") return { record, answer: { kind: "blank" } };
    const seeded = { ...request.next, version: request.version + seedLeap };
    return { record: seeded, answer: { kind: "record", record: seeded } };
  }
  if (request.kind === "read") return { record, answer: { kind: "record", record } };
  const { next } = request;
  if (next.systemId !== record.systemId) return { record, answer: { kind: "other-system" } };
  if (request.kind === "seed") return { record, answer: { kind: "record", record } };
  if (request.version !== record.version) return { record, answer: { kind: "conflict", record } };
  const isSameTerm = next.term === record.term && next.owner === record.owner;
  if (!isSameTerm && next.term <= record.term) {
    return { record, answer: { kind: "refused", record } };
  }
  const written = { ...next, version: record.version + 1 };
  return { record: written, answer: { kind: "record", record: written } };
}

import type { NodeId } from "@gridward/core/base/identity";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import { type PairMessage, pairVersion } from "@gridward/core/domain/pair/message";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { SimFrame } from "./frame.ts";
import type { Violation } from "./violation.ts";

/** What one process was told of versions and of its place in the set. */
export class Understanding {
  /** Who speaks another version, as it said last. */
  readonly #others = new Set<NodeId>();
  /** In which term its Main said that changes go on without it. */
  #droppedIn: number | undefined;
  /** In which term its Main spoke another version. */
  #strangeIn: number | undefined;

  /** `self` is told something by `from`. */
  onHeard(control: ControlRecord, from: NodeId, message: PairMessage): void {
    if (message.kind === "admit") this.#droppedIn = undefined;
    if (message.kind !== "hello") return;
    if (message.version === pairVersion) this.#others.delete(from);
    else this.#others.add(from);
    const isOfMain = message.duty === "main" && message.owner === from && control.owner === from;
    if (!isOfMain || message.term !== control.term) return;
    this.#droppedIn = message.ackSet.includes(control.nodeId) ? this.#droppedIn : message.term;
    this.#strangeIn = message.version === pairVersion ? undefined : message.term;
  }

  /** R16: whom its Main cannot tell that it was dropped is complete no more. */
  findStillComplete({ control, machine }: PairState): Violation | undefined {
    const { nodeId, owner, term, certificate } = control;
    const isAsking = machine.duty === "standby" && machine.phase === "candidate";
    if (this.#strangeIn !== term || certificate?.complete !== true || isAsking) return undefined;
    return { rule: "R16", says: `${nodeId} stays complete and does not understand ${owner}` };
  }

  /** R16: what passes between two versions is whose term it is, and nothing else. */
  findMixedWord(to: NodeId, frame: SimFrame): Violation | undefined {
    if (!this.#others.has(to)) return undefined;
    const kind = frame.kind === "pair" ? frame.message.kind : frame.kind;
    if (!["first-pass", "entries", "ack", "admit", "follow", "rights"].includes(kind)) {
      return undefined;
    }
    return { rule: "R16", says: `said ${kind} to ${to}, which speaks another version` };
  }

  /** R8, R16: nobody takes over, unforced, who was told that changes go on without it. */
  findBadSuccession({ nodeId, owner, term, candidacy }: ControlRecord): Violation | undefined {
    if (this.#droppedIn === term) {
      return { rule: "R8", says: `${nodeId} succeeds a Main that had told it that it is dropped` };
    }
    if (owner === null || !this.#others.has(owner) || candidacy !== null) return undefined;
    return { rule: "R16", says: `${nodeId} succeeds ${owner}, which speaks another version` };
  }
}

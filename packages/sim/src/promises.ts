import type { NodeId } from "@gridward/core/base/identity";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import type { SimDisk } from "./sim-disk.ts";
import type { Violation } from "./watcher.ts";

/** What a server says is on its disk before it is said: the rule that this message breaks. */
export function findBrokenPromise(
  disk: SimDisk,
  to: NodeId,
  message: PairMessage,
): Violation | undefined {
  const { id, control } = disk;
  switch (message.kind) {
    case "ack":
      if (disk.hashAt(message.head.seq) === message.head.hash) return undefined;
      return { rule: "R1", says: `confirmed change ${message.head.seq}, which it does not hold` };
    case "admit":
      if (control.ackSet.includes(to)) return undefined;
      return { rule: "R2", says: "admitted it before that was recorded" };
    case "leaving":
      if (!control.ackSet.includes(id) && control.certificate?.complete !== true) return undefined;
      return { rule: "R2", says: "left the set before that was recorded" };
    case "handover":
      if (control.handover?.term === message.term) return undefined;
      return { rule: "R5", says: "offered a term before that was recorded" };
    case "hello":
    case "heartbeat":
      if (control.term === message.term && control.owner === message.owner) return undefined;
      return { rule: "R7", says: `spoke of term ${message.term} before that was recorded` };
    case "entries": {
      const last = message.entries.at(-1);
      if (last === undefined || disk.hashAt(last.seq) === last.hash) return undefined;
      return { rule: "R1", says: `sent change ${last.seq}, which it does not hold` };
    }
    case "follow":
    case "forked":
    case "proof":
    case "prove":
    case "handover-refused":
    case "handover-cancel":
      return undefined;
  }
}

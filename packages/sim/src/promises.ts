import type { NodeId } from "@gridward/core/base/identity";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import type { Position } from "@gridward/core/domain/entry";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import { isComplete } from "@gridward/core/domain/pair/turn";
import type { Conductor } from "@gridward/server/pair/conductor";
import type { SimDisk } from "./sim-disk.ts";
import type { Violation } from "./violation.ts";

/** What a server says is on its disk before it is said: the rule that this message breaks. */
export function findBrokenPromise(
  disk: SimDisk,
  to: NodeId,
  message: PairMessage,
): Violation | undefined {
  const broken = (rule: string, says: string): Violation => ({ rule, says });
  const { control } = disk;
  switch (message.kind) {
    case "ack":
      return findBrokenAck(disk, message.head);
    case "admit":
      if (control.ackSet.includes(to)) return undefined;
      return broken("R2", "admitted it before that was recorded");
    case "leaving":
      return hasLeft(disk) ? undefined : broken("R2", "left the set before that was recorded");
    case "handover":
      if (control.handover?.term === message.term) return undefined;
      return broken("R5", "offered a term before that was recorded");
    case "hello":
    case "heartbeat":
      if (control.term === message.term && control.owner === message.owner) return undefined;
      return broken("R7", `spoke of term ${message.term} before that was recorded`);
    case "entries":
      if (isHeld(disk, message.entries.at(-1))) return undefined;
      return broken("R1", "sent a change that it does not hold");
    case "rights":
      if (control.switching !== null || control.mode === message.mode) return undefined;
      return broken("R4", "gave a right that its own mode does not give");
    case "rights-kept":
      if (control.mode === message.mode) return undefined;
      return broken("R4", "confirmed a right before it was recorded");
    case "follow":
    case "forked":
    case "compare":
    case "proof":
    case "prove":
    case "handover-refused":
    case "handover-cancel":
      return undefined;
  }
}

function findBrokenAck(disk: SimDisk, head: Position): Violation | undefined {
  if (disk.control.candidacy !== null) {
    return { rule: "R6", says: `confirmed change ${head.seq} while it asks to succeed` };
  }
  if (isHeld(disk, head)) return undefined;
  return { rule: "R1", says: `confirmed change ${head.seq}, which it does not hold` };
}

function isHeld(disk: SimDisk, position: Position | undefined): boolean {
  return position === undefined || disk.hashAt(position.seq) === position.hash;
}

function hasLeft({ id, control }: SimDisk): boolean {
  return !control.ackSet.includes(id) && control.certificate?.complete !== true;
}

/** R8: who confirms an entry that takes it out of the set is complete no more. */
export function findUnnoticedDrop(
  id: NodeId,
  conductor: Pick<Conductor, "ledger" | "pair">,
  main: Pick<ControlRecord, "ackSet" | "doubtedUpTo"> | undefined,
): Violation | undefined {
  const { pair } = conductor;
  if (!isComplete(pair)) return undefined;
  const certifiedAt = pair.control.certificate?.position.seq ?? 0;
  const droppedAt = placeOfDrop(id, conductor);
  if (droppedAt === undefined || droppedAt <= certifiedAt) return undefined;
  // A Main that lost a slot of its record counts everybody again (R17).
  if (main?.ackSet.includes(id) && droppedAt <= main.doubtedUpTo) return undefined;
  return { rule: "R8", says: `${id} was dropped and still calls itself complete` };
}

/** The number of its last entry, where that left it out of the set of this term. */
function placeOfDrop(
  id: NodeId,
  { ledger, pair }: Pick<Conductor, "ledger" | "pair">,
): number | undefined {
  const row = ledger?.prepared.tables.pair.first();
  if (row?.term !== pair.control.term || row.ackSet.includes(id)) return undefined;
  const [last] = ledger?.read(ledger.head.seq, 1) ?? [];
  return last?.kind === "change-ack-set" ? last.seq : undefined;
}

import type { NodeId } from "@gridward/core/base/identity";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import type { Machine } from "@gridward/core/domain/pair/pair-state";
import type { OpenedJournal } from "@gridward/runtime/journal/journal";
import type { Faults } from "./faults.ts";
import type { SimFrame } from "./frame.ts";
import type { Random } from "./random.ts";
import type { Rare } from "./rare.ts";
import type { Schedule } from "./schedule.ts";
import type { DiskWatch, SimDisk } from "./sim-disk.ts";
import type { Process } from "./sim-process.ts";
import type { SimWitness } from "./sim-witness.ts";

/** What of a server its watch looks at. */
interface Watched {
  readonly id: NodeId;
  readonly disk: SimDisk;
  readonly process: Process | undefined;
}

/** Who is told of what a server shows, says and hears. */
export interface ServerWatch extends DiskWatch {
  fail(rule: string, says: string): void;
  onStarted(disk: SimDisk, opened: OpenedJournal): void;
  onOpened(disk: SimDisk, opened: OpenedJournal): void;
  onVisible(server: Watched, seq: number): void;
  onSent(server: Watched, to: NodeId, frame: SimFrame): void;
  onHeard(server: Watched, process: Process, from: NodeId, message: PairMessage): void;
  /** `from` is null where the process was off. */
  onMoved(id: NodeId, from: Machine | null, to: Machine): void;
}

/** What a server needs of the world around it. */
export interface ServerWorld {
  readonly now: number;
  readonly watcher: ServerWatch;
  readonly faults: Faults;
  readonly rare: Rare;
  readonly isCalm: boolean;
  readonly random: Random;
  readonly schedule: Schedule;
  readonly witness: SimWitness;
  fresh(): number;
  partnersOf(id: NodeId): readonly NodeId[];
  send(from: NodeId, to: NodeId, frame: SimFrame): void;
  isOpen(from: NodeId, to: NodeId): boolean;
  closeLinks(id: NodeId): void;
  dropLinks(id: NodeId): void;
}

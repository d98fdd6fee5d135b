import type { NodeId } from "@gridward/core/base/identity";
import type { Millis } from "@gridward/core/base/time";
import type { Machine } from "@gridward/core/domain/pair/pair-state";
import type { Conductor } from "@gridward/server/pair/conductor";
import type { FirstPassReceiver } from "@gridward/server/pair/first-pass";
import type { Writer } from "@gridward/server/writer";
import type { Understanding } from "./versions.ts";

/** One life of a server: gone with a crash. */
export interface Process {
  readonly conductor: Conductor;
  readonly writer: Writer;
  readonly receiver: FirstPassReceiver;
  /** Where its machine stood after the last event. */
  machine: Machine;
  /** Highest term that this process was told of. */
  heardTerm: number;
  /** Terms of ours that this process was told another server owns too. */
  readonly disputed: Set<number>;
  readonly understanding: Understanding;
  /** Its own clock: milliseconds since it started. */
  readonly monotonic: () => Millis;
  /** Whose first pass is under way. */
  copiesFrom: NodeId | undefined;
  /** As Main: since when a change waits for a member that does not follow. */
  waitsSince: number | undefined;
  /** How far its changes could be seen when it started. */
  readonly visibleAtStart: number;
  /** Its state was damaged at its start. */
  isBent: boolean;
}

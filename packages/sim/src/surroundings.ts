import type { NodeId } from "@gridward/core/base/identity";
import type { Faults } from "./faults.ts";
import type { Rare } from "./rare.ts";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";
import type { SimServer } from "./sim-server.ts";
import type { SimWitness } from "./sim-witness.ts";
import type { Watcher } from "./watcher.ts";

/** What clients, operator and devices see of the world that they live in. */
export interface Surroundings {
  /** Simulated time, milliseconds. */
  readonly now: number;
  readonly schedule: Schedule;
  readonly random: Random;
  readonly faults: Faults;
  readonly rare: Rare;
  readonly watcher: Watcher;
  /** The servers of our system; in some runs a third (HS14). */
  readonly pair: Pair;
  readonly witness: SimWitness;
  /** True once no fault is made any more. */
  readonly isCalm: boolean;
  fresh(): number;
  /** The server that is Main, as far as one says so. */
  main(): SimServer | undefined;
  others(id: NodeId): readonly SimServer[];
  /** Nothing passes between the two for so long, milliseconds. */
  pull(one: NodeId, other: NodeId, lasts: number): void;
  /** Brings a backup back where no database is left that could be promoted. */
  restoreLast(): void;
}

export type Pair = readonly [SimServer, SimServer, ...SimServer[]];

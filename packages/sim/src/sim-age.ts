import { minute } from "@gridward/core/base/time";
import type { AgeMark } from "@gridward/core/domain/age";
import type { PairState } from "@gridward/core/domain/pair/pair-state";
import type { Clock } from "@gridward/runtime/os/clock";
import { serverCondition } from "@gridward/server/condition";
import { Freshness } from "@gridward/server/freshness";
import type { SimMachine } from "./sim-machine.ts";
import type { Violation } from "./violation.ts";

/** Who never heard its Main since a start says some seconds more than it may be; a wrong clock, hours. */
const excess = minute;

/** The uptime is whole milliseconds, and so is every age that was kept. */
const coarse = 10;

/** How old the accounts of a server are: as the product reckons it, beside the truth (design §7). */
export class SimAge {
  readonly #world: { readonly now: number };
  readonly #machine: SimMachine;
  #freshness: Freshness | undefined;
  /** When its accounts were last current, in simulated time. */
  #freshAt: number | undefined;

  constructor(world: { readonly now: number }, machine: SimMachine) {
    this.#world = world;
    this.#machine = machine;
  }

  /** A process starts. */
  begin(kept: AgeMark | null, clock: Clock, keep: () => void): void {
    const uptime = (): ReturnType<SimMachine["uptime"]> => this.#machine.uptime();
    this.#freshness = new Freshness({ clock, uptime, kept, keep });
    if (kept === null) this.#freshAt = undefined;
  }

  /** For the control record; null while nothing is known. */
  mark(): AgeMark | null {
    return this.#freshness?.mark() ?? null;
  }

  /** CN5: no restart makes accounts younger, nor older while the machine goes on. */
  look(
    pair: PairState,
    { now, monotonic }: Pick<Clock, "now" | "monotonic">,
  ): Violation | undefined {
    const condition = serverCondition(pair, monotonic(), now());
    // First the truth: the power may fail while the product writes it down.
    if (condition.fresh) this.#freshAt = this.#world.now;
    this.#freshness?.look(condition);
    if (condition.fresh || this.#freshAt === undefined || !this.#freshness) return undefined;
    const { ageMs } = this.#freshness.aged(condition);
    const age = this.#world.now - this.#freshAt;
    if (ageMs < age - coarse) return broken(pair, `${age} ms old and says ${ageMs}`);
    const isTooOld = !this.#machine.hasRebooted && ageMs > this.#world.now + excess;
    return isTooOld ? broken(pair, `says ${ageMs} ms after ${this.#world.now}`) : undefined;
  }
}

function broken({ self }: PairState, says: string): Violation {
  return { rule: "CN5", says: `the accounts of ${self}: ${says}` };
}

import type { Uptime } from "@gridward/core/domain/age";

/** The machine that a server runs on: its starts, and the clock on its wall. */
export class SimMachine {
  /** How far the clock on its wall is off. */
  wallOffset = 0;
  /** Did it ever start anew in this run? */
  hasRebooted = false;
  #boot = 1;
  #bootedAt = 0;
  readonly #world: { readonly now: number };

  constructor(world: { readonly now: number }) {
    this.#world = world;
  }

  /** Simulated time, milliseconds, as this machine shows it. */
  wall(): number {
    return Math.floor(this.#world.now + this.wallOffset);
  }

  uptime(): Uptime {
    return { boot: `boot ${this.#boot}`, millis: Math.round(this.#world.now - this.#bootedAt) };
  }

  /** It was off for a while, and has been on again since then. */
  reboot(at: number): void {
    this.hasRebooted = true;
    this.#boot++;
    this.#bootedAt = at;
  }
}

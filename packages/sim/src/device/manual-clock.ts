import type { Instant, Millis } from "@gridward/core/base/time";
import type { Clock } from "@gridward/runtime/os/clock";

interface Sleeper {
  readonly until: Millis;
  readonly wake: () => void;
}

/** A clock that moves only when a test moves it; the wall can be set apart from the time gone by. */
export class ManualClock implements Clock {
  #wall: Instant;
  #gone: Millis = 0;
  #sleepers: readonly Sleeper[] = [];

  constructor(wall: Instant) {
    this.#wall = wall;
  }

  now(): Instant {
    return this.#wall;
  }

  monotonic(): Millis {
    return this.#gone;
  }

  async sleep(duration: Millis, stop?: AbortSignal): Promise<void> {
    if (stop?.aborted === true) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#sleepers = [...this.#sleepers, { until: this.#gone + duration, wake: resolve }];
    stop?.addEventListener("abort", () => resolve(), { once: true });
    await promise;
  }

  /** Lets time go by; who sleeps until then wakes. */
  advance(duration: Millis): void {
    this.#gone += duration;
    this.#wall += duration;
    const due = this.#sleepers.filter(({ until }) => until <= this.#gone);
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.#gone);
    for (const { wake } of due) wake();
  }

  /** Sets the wall clock alone, as a wrong time source would. */
  setWall(at: Instant): void {
    this.#wall = at;
  }
}

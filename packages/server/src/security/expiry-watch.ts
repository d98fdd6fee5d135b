import { minute, type Instant, type Millis } from "@gridward/core/base/time";
import { expiryStage, stagesReached } from "@gridward/core/domain/certificate-life";
import { expiryAlarms, expiryText } from "@gridward/core/domain/expiry-alarms";
import type { Alarm } from "@gridward/core/domain/server-status";
import type { WatchedLife } from "@gridward/core/domain/watched-lives";
import type { Clock } from "@gridward/runtime/os/clock";

export interface ExpiryWatchParts {
  readonly lives: () => readonly WatchedLife[];
  /** One event each (CS12). */
  readonly announce: (text: string) => void;
  readonly clock: Pick<Clock, "now" | "monotonic">;
}

const lookEvery: Millis = minute;

/** Devices of a plant enrol within days, and so end within days. */
const announcedMost = 100;

/** Tells before something ends, and when it has: as alarms that stand, and once as an event. */
export class ExpiryWatch {
  readonly #parts: ExpiryWatchParts;
  #alarms: readonly Alarm[] = [];
  #nextLook: Millis = 0;
  #lastLook: Instant | null = null;

  constructor(parts: ExpiryWatchParts) {
    this.#parts = parts;
  }

  get alarms(): readonly Alarm[] {
    return this.#alarms;
  }

  /** To be called often. */
  tick(): void {
    const { lives, clock } = this.#parts;
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    if (monotonic < this.#nextLook) return;
    this.#nextLook = monotonic + lookEvery;
    const found = lives();
    this.#alarms = expiryAlarms(found, now);
    this.#announce(found, now);
    this.#lastLook = now;
  }

  /** After a start what stands is told once more: nobody knows what was told before. */
  #announce(found: readonly WatchedLife[], now: Instant): void {
    const last = this.#lastLook;
    const texts = found.flatMap((life) => {
      const stages = last === null ? [expiryStage(life, now)] : stagesReached(life, last, now);
      return stages.flatMap((stage) => (stage === null ? [] : expiryText(life, stage)));
    });
    for (const text of texts.slice(0, announcedMost)) this.#parts.announce(text);
    const more = texts.length - announcedMost;
    if (more > 0) this.#parts.announce(`and ${more} more`);
  }
}

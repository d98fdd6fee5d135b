import {
  ageAt,
  type AgeAnchor,
  type AgeMark,
  recordAge,
  renewAge,
  resumeMark,
  type Uptime,
} from "@gridward/core/domain/age";
import { day, hour, rfc3339, type Millis } from "@gridward/core/base/time";
import { staleAgeMax } from "@gridward/core/domain/limits";
import type { Alarm, ServerCondition } from "@gridward/core/domain/server-status";
import type { Clock } from "@gridward/runtime/os/clock";

export interface FreshnessParts {
  readonly clock: Clock;
  readonly uptime: () => Uptime | null;
  /** What the control record said at the start; null: it is not known. */
  readonly kept: AgeMark | null;
  /** Writes the control record, which carries the age. */
  readonly keep: () => void;
}

/** An age that nothing else wrote for so long is kept for its own sake. */
const keptFor: Millis = hour;

/** From so much on a person should know. */
const oldAfter: Millis = day;

/**
 * How old the accounts of this server are, also across its restarts: after 14 days without its
 * Main a server vouches for nobody (design §7).
 */
export class Freshness {
  readonly #parts: FreshnessParts;
  #anchor: AgeAnchor | null;
  #keptAt: Millis;
  #keptAge: Millis;
  #isFresh = false;

  constructor(parts: FreshnessParts) {
    this.#parts = parts;
    const { clock, kept, uptime } = parts;
    const clocks = { now: clock.now(), monotonic: clock.monotonic() };
    this.#anchor = kept && resumeMark(kept, uptime(), clocks);
    this.#keptAt = clocks.monotonic;
    this.#keptAge = kept?.age ?? 0;
  }

  /** For the control record; null while nothing is known. */
  mark(): AgeMark | null {
    const { clock, uptime } = this.#parts;
    if (this.#anchor === null) return null;
    return { ...recordAge(this.#anchor, clock.now(), clock.monotonic()), uptime: uptime() };
  }

  /** Called with each tick: what this server knows of its own freshness. */
  look({ fresh, canSignIn }: Pick<ServerCondition, "fresh" | "canSignIn">): void {
    const { clock } = this.#parts;
    const at = clock.monotonic();
    this.#isFresh = fresh;
    if (fresh) this.#anchor = renewAge(clock.now(), at);
    // Without a database there is nothing that could be old.
    else if (canSignIn) this.#anchor ??= renewAge(clock.now(), at);
    if (this.#anchor === null) return;
    const age = ageAt(this.#anchor, at);
    // A start makes it older, being fresh again younger: neither may be lost with the next start.
    const hasMoved = Math.abs(age - this.#keptAge) >= keptFor;
    if (!hasMoved && at - this.#keptAt < keptFor) return;
    this.#keptAt = at;
    this.#keptAge = age;
    this.#parts.keep();
  }

  /** The condition with the age that it has across restarts. */
  aged(condition: ServerCondition): ServerCondition {
    if (condition.fresh || this.#anchor === null) return condition;
    const age = ageAt(this.#anchor, this.#parts.clock.monotonic());
    return { ...condition, ageMs: Math.max(condition.ageMs, age) };
  }

  alarms(): readonly Alarm[] {
    const { clock } = this.#parts;
    if (this.#isFresh || this.#anchor === null) return [];
    const age = ageAt(this.#anchor, clock.monotonic());
    if (age < oldAfter) return [];
    const days = Math.floor(age / day);
    const effect =
      age > staleAgeMax
        ? "so it signs nobody in any more"
        : `and after ${staleAgeMax / day} days it signs nobody in any more`;
    return [
      {
        code: "server.old-accounts",
        since: rfc3339(clock.now() - age),
        text: `The accounts of this server were last known to be current ${days} days ago, ${effect}.`,
        remedy:
          "Bring back the connection to the Main, or promote this server if the Main is lost.",
      },
    ];
  }
}

import type { X509Certificate } from "node:crypto";
import type { Result } from "@gridward/core/base/result";
import { hour, second, type Millis } from "@gridward/core/base/time";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { Clock } from "@gridward/runtime/os/clock";
import type { TrustAnchors } from "./trust-anchors.ts";

export interface AnchorKeeperParts {
  readonly anchors: TrustAnchors;
  /** Asks a server that the anchors of now certify. */
  readonly fetch: () => Promise<Result<readonly X509Certificate[], Refusal>>;
  readonly clock: Pick<Clock, "monotonic">;
  /** Between 0 and 1: devices that start together do not come together. */
  readonly random: () => number;
}

const askEvery: Millis = hour;

/** After a server was refused that may be certified by a newer authority; not more often. */
const askAgainAfter: Millis = 10 * second;

/** PK7: learns of another authority while the one before it counts still. */
export class AnchorKeeper {
  readonly #parts: AnchorKeeperParts;
  #nextAsk: Millis;
  #lastAsk: Millis = Number.NEGATIVE_INFINITY;
  #isBusy = false;

  constructor(parts: AnchorKeeperParts) {
    this.#parts = parts;
    this.#nextAsk = parts.clock.monotonic() + parts.random() * askAgainAfter;
  }

  /** To be called often. */
  tick(): void {
    const now = this.#parts.clock.monotonic();
    if (this.#isBusy || now < this.#nextAsk) return;
    this.#lastAsk = now;
    this.#nextAsk = now + askEvery;
    this.#isBusy = true;
    void this.#ask();
  }

  /** What a server signed was not believed: there may be another authority. */
  askSoon(): void {
    this.#nextAsk = Math.min(this.#nextAsk, this.#lastAsk + askAgainAfter);
  }

  async #ask(): Promise<void> {
    const found = await this.#parts.fetch();
    this.#isBusy = false;
    // Who cannot be asked now is asked later; what is known counts on.
    if (found.ok) this.#parts.anchors.replace(found.value);
  }
}

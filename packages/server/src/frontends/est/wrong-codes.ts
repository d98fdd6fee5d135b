import type { DeviceId, Sealed } from "@gridward/core/base/identity";
import type { DeviceRow } from "@gridward/core/domain/types";

const wrongMax = 5;

/**
 * Wrong codes typed for each device's open code. In memory: a code has 128 random bits, so what a
 * restart forgives is no way to guess it. Bounded by the devices that are registered.
 */
export class WrongCodes {
  readonly #counted = new Map<DeviceId, { readonly verifier: Sealed; readonly wrong: number }>();

  /** A code that five wrong ones were typed for is spent; a new package begins anew. */
  isSpent(device: DeviceRow): boolean {
    return this.#wrongOf(device) >= wrongMax;
  }

  count(device: DeviceRow): void {
    const verifier = device.enrolment?.verifier;
    if (verifier === undefined) return;
    this.#counted.set(device.id, { verifier, wrong: this.#wrongOf(device) + 1 });
  }

  #wrongOf({ id, enrolment }: DeviceRow): number {
    const counted = this.#counted.get(id);
    return counted?.verifier === enrolment?.verifier ? (counted?.wrong ?? 0) : 0;
  }
}

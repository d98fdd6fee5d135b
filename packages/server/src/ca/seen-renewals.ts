import type { DeviceId, RequestId } from "@gridward/core/base/identity";
import type { Millis } from "@gridward/core/base/time";
import type { Actor, DeviceCertificate } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import { freshRequestId } from "@gridward/runtime/os/random";
import type { OwnIdentity } from "../own-identity.ts";
import type { FrontEndParts } from "../parts.ts";
import { isOfTheMoment } from "../submit-counted.ts";

export interface SeenRenewalsParts {
  readonly front: Pick<FrontEndParts, "state" | "submit">;
  readonly identity: Pick<OwnIdentity, "node" | "name">;
  readonly clock: Pick<Clock, "sleep">;
  readonly stop: AbortSignal;
}

/** What a device was seen with, until the journal says so. */
interface Seen {
  readonly serial: string;
  readonly fingerprint: string;
  /** One for all tries: a confirmation whose answer was lost is not journalled again. */
  readonly requestId: RequestId;
}

const retryMs: Millis = 5_000;

/**
 * PK8: a device that renewed was seen in use of the new certificate, so nobody needs the old one
 * any more but a thief of its key. Here it counts no more at once, and everywhere when that is
 * journalled, once for each renewal; without a Main that waits until there is one.
 */
export class SeenRenewals {
  readonly #parts: SeenRenewalsParts;
  readonly #seen = new Map<DeviceId, Seen>();
  #isBusy = false;

  constructor(parts: SeenRenewalsParts) {
    this.#parts = parts;
  }

  /** The device proved on the link that it has the key of the certificate of this fingerprint. */
  see(device: DeviceId, fingerprint: string): void {
    const newest = this.#unconfirmed(device);
    if (newest?.fingerprint !== fingerprint) return;
    if (this.#seen.get(device)?.fingerprint === fingerprint) return;
    this.#seen.set(device, { ...newest, requestId: freshRequestId() });
    if (!this.#isBusy) void this.#confirmAll();
  }

  /** Was the device seen with its newest certificate, and is this another one of its? */
  isReplaced(device: DeviceId, fingerprint: string): boolean {
    const seen = this.#seen.get(device);
    return seen !== undefined && seen.fingerprint !== fingerprint && this.#isDue(device, seen);
  }

  /** The newest certificate of a device, as long as another counts beside it. */
  #unconfirmed(device: DeviceId): DeviceCertificate | null {
    const row = this.#parts.front.state().tables.devices.get(device);
    return row === undefined || row.earlier === null ? null : row.certificate;
  }

  #isDue(device: DeviceId, { fingerprint }: Seen): boolean {
    return this.#unconfirmed(device)?.fingerprint === fingerprint;
  }

  async #confirmAll(): Promise<void> {
    const { clock, stop } = this.#parts;
    this.#isBusy = true;
    while (this.#seen.size > 0 && !stop.aborted) {
      if (!(await this.#confirmEach())) await clock.sleep(retryMs, stop);
    }
    this.#isBusy = false;
  }

  /** False where it is not the moment: the others would fare no better. */
  async #confirmEach(): Promise<boolean> {
    for (const [device, seen] of this.#seen) {
      if (this.#isDue(device, seen) && !(await this.#confirm(device, seen))) return false;
      // It may have renewed again meanwhile, and been seen with that.
      if (this.#seen.get(device) === seen) this.#seen.delete(device);
    }
    return true;
  }

  async #confirm(id: DeviceId, { serial, requestId }: Seen): Promise<boolean> {
    const { front, identity } = this.#parts;
    const { node, name } = identity;
    const actor: Actor = { kind: "server", id: node, name, door: "pair", source: "" };
    const command = { kind: "confirm-renewal", id, serial } as const;
    const done = await front.submit({ command, actor, requestId });
    return done.ok || !isOfTheMoment(done.error.code);
  }
}

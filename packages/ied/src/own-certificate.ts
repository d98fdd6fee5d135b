import type { KeyObject, X509Certificate } from "node:crypto";

/** What a device shows at the other end of TLS. */
export interface DeviceIdentity {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/** The certificate of a running device: another one holds from the next handshake on. */
export class OwnCertificate {
  readonly #listeners: ((now: DeviceIdentity) => void)[] = [];
  #now: DeviceIdentity;

  constructor(now: DeviceIdentity) {
    this.#now = now;
  }

  get now(): DeviceIdentity {
    return this.#now;
  }

  replace(next: DeviceIdentity): void {
    this.#now = next;
    for (const listener of this.#listeners) listener(next);
  }

  onChange(listener: (now: DeviceIdentity) => void): void {
    this.#listeners.push(listener);
  }
}

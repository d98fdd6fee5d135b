import { ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import { day, hour, rfc3339, type Instant, type Millis } from "@gridward/core/base/time";
import { renewalDue } from "@gridward/core/domain/certificate-life";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { Clock } from "@gridward/runtime/os/clock";
import { notAfterOf, notBeforeOf } from "@gridward/runtime/trust/x509/read";
import type { TrustAnchors } from "./trust-anchors.ts";
import type { DeviceIdentity, OwnCertificate } from "./own-certificate.ts";

export interface RenewerParts {
  readonly own: OwnCertificate;
  readonly anchors: Pick<TrustAnchors, "all">;
  readonly renew: (
    shown: DeviceIdentity,
    code: Secret<string> | null,
  ) => Promise<Result<DeviceIdentity, Refusal>>;
  readonly clock: Clock;
  /** Between 0 and 1: devices that enrolled together do not come together. */
  readonly random: () => number;
}

/** Between two tries; there is a third of a life to try. */
const tryEvery: Millis = hour;

/** PK8: renews the certificate of a running device from two thirds of its life on. */
export class CertificateRenewer {
  readonly #parts: RenewerParts;
  #nextTry: Millis;
  #failure: Refusal | null = null;
  #underWay: Promise<unknown> | null = null;

  constructor(parts: RenewerParts) {
    this.#parts = parts;
    this.#nextTry = parts.clock.monotonic() + parts.random() * tryEvery;
  }

  /** To be called often. */
  tick(): void {
    const { own, clock } = this.#parts;
    const now = clock.monotonic();
    if (now < this.#nextTry || this.#underWay !== null) return;
    this.#nextTry = now + tryEvery;
    // What has ended is renewed by nobody but an administrator's code.
    const { due, notAfter } = datesOf(own.now);
    const at = clock.now();
    const isDue = at >= due || !this.#isOfIssuing();
    if (isDue && at <= notAfter) void this.renew(null);
  }

  /** PK7: while the authority changes the first anchor is the one to be known by. */
  #isOfIssuing(): boolean {
    const { own, anchors } = this.#parts;
    const [issuing] = anchors.all;
    return issuing === undefined || own.now.certificate.verify(issuing.publicKey);
  }

  /** Now, after whatever is under way; with a code where the certificate has ended. */
  async renew(code: Secret<string> | null): Promise<Result<DeviceIdentity, Refusal>> {
    const { own, renew } = this.#parts;
    while (this.#underWay !== null) await this.#underWay;
    const asked = renew(own.now, code);
    this.#underWay = asked;
    const renewed = await asked;
    this.#underWay = null;
    this.#failure = renewed.ok ? null : renewed.error;
    if (!renewed.ok) return renewed;
    own.replace(renewed.value);
    return ok(renewed.value);
  }

  /** What somebody at the device should know of its certificate (CS12); null when all is well. */
  warning(): string | null {
    const { own, clock } = this.#parts;
    const { due, notAfter } = datesOf(own.now);
    const now = clock.now();
    if (now > notAfter) {
      return (
        `The certificate of this device ended ${rfc3339(notAfter)}: no server takes it. Make a ` +
        "package with `gridward device package`, then run `gridward ied renew DIR --package FILE`."
      );
    }
    if (now < due || this.#failure === null) return null;
    const days = Math.ceil((notAfter - now) / day);
    const { code, detail } = this.#failure;
    return `The certificate of this device ends in ${days} days; its renewal fails: ${code} ${detail}`;
  }
}

function datesOf({ certificate }: DeviceIdentity): {
  readonly due: Instant;
  readonly notAfter: Instant;
} {
  const life = { notBefore: notBeforeOf(certificate), notAfter: notAfterOf(certificate) };
  return { due: renewalDue(life), notAfter: life.notAfter };
}

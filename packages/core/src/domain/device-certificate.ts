import type { Instant } from "../base/time.ts";
import { revocationOf } from "./revocation.ts";
import type { DirectoryState } from "./state.ts";
import type { DeviceCertificate, DeviceRow, Revocation } from "./types.ts";

/** What is said of a certificate of a device: null where it is none of this device. */
export interface HeldCertificate {
  readonly certificate: DeviceCertificate;
  readonly revocation: Revocation | null;
}

/**
 * The certificate of a device that fits: the newest, or the one that was renewed with it, which
 * counts beside it for some days. It falls with the newest: both may have the same key.
 */
export function findDeviceCertificate(
  state: DirectoryState,
  { certificate, earlier }: Pick<DeviceRow, "certificate" | "earlier">,
  at: Instant,
  fits: (certificate: DeviceCertificate) => boolean,
): HeldCertificate | null {
  if (certificate === null) return null;
  const revocation = revocationOf(state, certificate.serial);
  if (fits(certificate)) return { certificate, revocation };
  if (earlier === null || !fits(earlier) || earlier.notAfter <= at) return null;
  return {
    certificate: earlier,
    revocation: revocation ?? revocationOf(state, earlier.serial),
  };
}

/** As above where it is not revoked. The dates of the newest are judged by whoever sees it. */
export function heldCertificate(
  state: DirectoryState,
  device: Pick<DeviceRow, "certificate" | "earlier">,
  at: Instant,
  fits: (certificate: DeviceCertificate) => boolean,
): DeviceCertificate | null {
  const found = findDeviceCertificate(state, device, at, fits);
  return found?.revocation === null ? found.certificate : null;
}

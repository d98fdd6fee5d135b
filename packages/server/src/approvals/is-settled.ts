import { deviceId } from "@gridward/core/base/identity";
import type { Instant } from "@gridward/core/base/time";
import { heldCertificate } from "@gridward/core/domain/device-certificate";
import { accountOf } from "@gridward/core/domain/mapping";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { WaitingPeer } from "./approvals.ts";

/**
 * Whether nothing is left to decide about a peer, wherever it was decided: a device comes to all
 * servers, and is approved, enrolled or marked as lost at one.
 */
export function isSettled(
  state: DirectoryState,
  { kind, id, fingerprint, names, last, rejected }: WaitingPeer,
  at: Instant,
): boolean {
  if (kind === "client") return accountOf(state, { fingerprint, names }) !== undefined;
  const device = state.tables.devices.get(deviceId(id));
  if (device === undefined || device.status === "lost") return true;
  if (heldCertificate(state, device, at, (held) => held.fingerprint === fingerprint)) return true;
  // Changed since, and so perhaps enrolled: if it still is unknown, it comes again.
  return rejected === null && device.changedAt > last;
}

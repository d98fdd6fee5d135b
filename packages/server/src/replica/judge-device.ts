import type { Bytes } from "@gridward/core/base/bytes";
import type { DeviceId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import type { Secret } from "@gridward/core/base/secret";
import type { refusedCodes } from "@gridward/core/codec/replica/message";
import { findDeviceCertificate } from "@gridward/core/domain/device-certificate";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { DeviceRow, Revocation } from "@gridward/core/domain/types";
import type { Clock } from "@gridward/runtime/os/clock";
import { deriveDeviceKey } from "@gridward/runtime/replica/device-key";
import type { ReplicaSigner } from "@gridward/runtime/replica/signature";
import type { Committed, ReplicaParts } from "./replica-parts.ts";

export type RefusedCode = (typeof refusedCodes)[number];

/** Why a device is not served, as it is told. */
export interface TurnedAway {
  readonly code: RefusedCode;
  readonly text: string;
}

/** What the device said of itself in its hello. */
export interface Claim {
  readonly device: DeviceId;
  readonly fingerprint: string;
  readonly group: string;
  readonly seen: { readonly term: number; readonly owner: string } | null;
}

/** A device that is served, with what serving it takes. */
export interface ServedDevice {
  readonly committed: Committed;
  readonly device: DeviceRow;
  readonly deviceKey: Secret<Bytes>;
  readonly signer: ReplicaSigner;
}

/** Judged at hello and again at every pull and sign-in: the state may have changed meanwhile. */
export function judgeDevice(
  parts: Pick<ReplicaParts, "committed" | "condition" | "signer" | "openReplicaKey"> & {
    readonly clock: Pick<Clock, "now">;
  },
  claim: Claim,
): Result<ServedDevice, TurnedAway> {
  const committed = parts.committed();
  const signer = parts.signer();
  if (!parts.condition().canSignIn || committed === null || signer === null) {
    return away("unavailable", "this server holds no complete database");
  }
  const device = committed.state.tables.devices.get(claim.device);
  if (device === undefined) return away("unknown-device", "no such device in this system");
  const refused = judgeRow(device, claim, { state: committed.state, at: parts.clock.now() });
  if (refused !== undefined) return err(refused);
  const pair = committed.state.tables.pair.first();
  const system = committed.state.tables.system.first();
  if (pair === undefined || system === undefined) return away("unavailable", "no system yet");
  if (claim.seen !== null && claim.seen.term > pair.term) {
    return away("lower-term", `this server knows term ${pair.term} only`);
  }
  const replicaKey = parts.openReplicaKey(system.replicaKey);
  if (!replicaKey.ok) return away("unavailable", "the replica key cannot be opened");
  const deviceKey = deriveDeviceKey(replicaKey.value, device.id, device.keyVersion);
  return ok({ committed, device, deviceKey, signer });
}

function judgeRow(
  device: DeviceRow,
  { fingerprint, group }: Claim,
  { state, at }: { readonly state: DirectoryState; readonly at: Instant },
): TurnedAway | undefined {
  if (device.status === "lost") return { code: "revoked", text: "this device is marked as lost" };
  if (device.certificate === null) return { code: "not-enrolled", text: "it has not enrolled" };
  const held = findDeviceCertificate(state, device, at, (one) => one.fingerprint === fingerprint);
  if (held === null) {
    return { code: "other-certificate", text: "it has another certificate since" };
  }
  if (held.revocation !== null) return turnedAwayAs(held.revocation);
  if (device.group !== group) {
    return { code: "other-group", text: "it belongs to another replication group" };
  }
  return undefined;
}

/** "revoked" erases the replica (design §7), for which a mere exchange of certificates is no cause. */
function turnedAwayAs({ reason }: Revocation): TurnedAway {
  const code = reason === "superseded" ? "not-enrolled" : "revoked";
  return { code, text: `its certificate is revoked: ${reason}` };
}

function away(code: RefusedCode, text: string): Result<never, TurnedAway> {
  return err({ code, text });
}

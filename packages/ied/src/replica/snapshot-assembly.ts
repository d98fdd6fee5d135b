import { err, ok, type Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import type { Bytes } from "@gridward/core/base/bytes";
import { accountsMax } from "@gridward/core/codec/replica/limits";
import type { ServerMessage } from "@gridward/core/codec/replica/message";
import type { ReplicaRecord } from "@gridward/core/codec/replica/record";
import type { ReplicaSet } from "@gridward/core/codec/replica/replica-codec";
import { openLayer } from "@gridward/runtime/replica/device-key";

export type SnapshotMessage = Extract<ServerMessage, { readonly kind: "snapshot" }>;
type PieceMessage = Extract<ServerMessage, { readonly kind: "piece" }>;

/** A set on its way: its head, and the pieces that have come, in order. */
export interface SnapshotAssembly {
  readonly head: SnapshotMessage;
  readonly manifestHash: string;
  readonly pieces: number;
  readonly records: readonly ReplicaRecord[];
}

export function addPiece(
  assembly: SnapshotAssembly,
  piece: PieceMessage,
): Result<SnapshotAssembly, string> {
  if (piece.index !== assembly.pieces) return err("a piece out of order");
  const records = [...assembly.records, ...piece.records];
  if (records.length > accountsMax) return err("more accounts than a device takes");
  return ok({ ...assembly, records, pieces: assembly.pieces + 1 });
}

export function isWhole({ head, pieces }: SnapshotAssembly): boolean {
  return pieces === head.pieces;
}

/** Opens this device's layer; it opens nowhere else and under no other manifest (I30). */
export function finishSnapshot(
  assembly: SnapshotAssembly,
  device: string,
  deviceKey: Secret<Bytes>,
): Result<ReplicaSet, string> {
  const { head, manifestHash, records } = assembly;
  const verifiers = openLayer(deviceKey, { device, manifestHash }, head.layer);
  if (!verifiers.ok) return err(`the layer of verifiers: ${verifiers.error}`);
  return ok({ manifest: head.manifest, records, verifiers: verifiers.value });
}

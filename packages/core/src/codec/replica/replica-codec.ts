import * as z from "zod";
import { decodeUtf8, utf8, type Bytes } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { accountsMax, messageBytesMax, replicaBytesMax } from "./limits.ts";
import { deviceMessage, serverMessage, type DeviceMessage, type ServerMessage } from "./message.ts";
import { replicaRecord, verifierEntry, type ReplicaRecord, type VerifierEntry } from "./record.ts";
import { signedManifest, type Manifest, type Signed } from "./manifest.ts";

/** What is wrong with bytes that are no message of ours, for the log of this side. */
export interface Malformed {
  readonly code: "replica.malformed";
  readonly detail: string;
}

/** Messages are UTF-8 JSON, one a frame: large ones are few and are read by people in a fault. */
export function encodeMessage(message: DeviceMessage | ServerMessage): Bytes {
  return utf8(JSON.stringify(message));
}

export function decodeDeviceMessage(bytes: Bytes): Result<DeviceMessage, Malformed> {
  return decode(deviceMessage, bytes);
}

export function decodeServerMessage(bytes: Bytes): Result<ServerMessage, Malformed> {
  return decode(serverMessage, bytes);
}

const layer = z.array(verifierEntry).max(accountsMax).readonly();

/** The content of a device's layer, before it is sealed. */
export function encodeLayer(entries: readonly VerifierEntry[]): Bytes {
  return utf8(JSON.stringify(entries));
}

export function decodeLayer(bytes: Bytes): Result<readonly VerifierEntry[], Malformed> {
  return decode(layer, bytes);
}

/** A replica as the device keeps it in a slot. */
export interface ReplicaSet {
  readonly manifest: Signed<Manifest>;
  readonly records: readonly ReplicaRecord[];
  readonly verifiers: readonly VerifierEntry[];
}

const replicaSet = z.strictObject({
  manifest: signedManifest,
  records: z.array(replicaRecord).max(accountsMax).readonly(),
  verifiers: layer,
});

export function encodeReplicaSet(set: ReplicaSet): Bytes {
  return utf8(JSON.stringify(set));
}

export function decodeReplicaSet(bytes: Bytes): Result<ReplicaSet, Malformed> {
  return decode(replicaSet, bytes, replicaBytesMax);
}

function decode<Message>(
  schema: z.ZodType<Message>,
  bytes: Bytes,
  bytesMax: number = messageBytesMax,
): Result<Message, Malformed> {
  if (bytes.length > bytesMax) return malformed(`${bytes.length} bytes are too many`);
  const text = decodeUtf8(bytes);
  if (!text.ok) return malformed(text.error);
  let json: unknown;
  try {
    json = JSON.parse(text.value);
  } catch {
    return malformed("not JSON");
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  // The path names fields and positions only: no content, which may be a password, gets out.
  return malformed(`${issue?.code ?? "unknown"} at ${issue?.path.map(String).join(".") ?? ""}`);
}

function malformed(detail: string): Result<never, Malformed> {
  return err({ code: "replica.malformed", detail: detail.slice(0, 200) });
}

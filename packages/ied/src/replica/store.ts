import { join } from "node:path";
import * as z from "zod";
import { err, ok, type Result } from "@gridward/core/base/result";
import { Secret } from "@gridward/core/base/secret";
import type { Bytes } from "@gridward/core/base/bytes";
import { listCharactersMax, listsMax, replicaBytesMax } from "@gridward/core/codec/replica/limits";
import { signedManifest } from "@gridward/core/codec/replica/manifest";
import {
  decodeReplicaSet,
  encodeReplicaSet,
  type ReplicaSet,
} from "@gridward/core/codec/replica/replica-codec";
import { removePath } from "@gridward/runtime/os/files";
import type { SystemKey } from "@gridward/runtime/os/seal";
import type { KeptList } from "./held-lists.ts";
import { readSealed, readSealedJson, writeSealed, writeSealedJson } from "../sealed-file.ts";
import type { SealedFile, SealedFileFault } from "../sealed-file.ts";

const counter = z.int().min(0);

/** What the device remembers of its replica apart from it: it never goes back (DV5, I25). */
const seenRecord = z
  .strictObject({
    version: z.literal(1),
    position: z
      .strictObject({ term: counter, owner: z.string(), rev: counter, setDigest: z.string() })
      .readonly()
      .nullable(),
    /** The newest manifest that was verified: its policy holds, also for an older slot. */
    manifest: signedManifest.nullable(),
    age: z.strictObject({ age: counter, latest: counter }).readonly(),
    lastSuccess: counter.nullable(),
    replication: z.strictObject({ revision: counter, off: z.boolean() }).readonly(),
    /** Highest number of each authority's revocation lists. */
    lists: z.record(z.string(), counter).readonly(),
    /** A verified server said that this device is lost. */
    revoked: z.boolean(),
  })
  .readonly();

export type SeenRecord = z.infer<typeof seenRecord>;

const keptLists = z
  .array(z.strictObject({ encoded: z.string().max(listCharactersMax) }))
  .max(listsMax)
  .readonly();

const keyRecord = z.strictObject({ version: counter, key: z.string().max(64) });

export interface DeviceKey {
  readonly version: number;
  readonly key: Secret<Bytes>;
}

export type SlotName = "a" | "b";

export interface Slot {
  readonly name: SlotName;
  readonly set: ReplicaSet;
}

/** Two slots, what was seen, and Kd, each sealed under the device's store key. */
export interface ReplicaStore {
  /** Slots that open and decode; a damaged one is none. */
  slots(): readonly Slot[];
  writeSlot(name: SlotName, set: ReplicaSet): void;
  seen(): Result<SeenRecord, SealedFileFault>;
  writeSeen(seen: SeenRecord): void;
  /** None where the file is damaged. */
  lists(): readonly KeptList[];
  writeLists(lists: readonly KeptList[]): void;
  deviceKey(): DeviceKey | undefined;
  writeDeviceKey(key: DeviceKey): void;
  /** Removes both slots and Kd. What was seen stays, and so do revocation lists. */
  erase(): void;
}

/** Base64 takes a third more than its content, and the seal a little. */
const slotFileMax = Math.ceil(replicaBytesMax * 1.4);
const smallFileMax = 64 * 1024;
const listsFileMax = Math.ceil(listsMax * listCharactersMax * 1.5);

export function openReplicaStore(place: {
  readonly directory: string;
  readonly key: SystemKey;
  readonly systemId: string;
  readonly deviceId: string;
}): ReplicaStore {
  const file = (name: string, bytesMax: number): SealedFile => ({
    path: join(place.directory, name),
    key: place.key,
    purpose: `gridward device ${place.deviceId} of ${place.systemId}: ${name}`,
    bytesMax,
  });
  const slotFiles = {
    a: file("replica-a.sealed", slotFileMax),
    b: file("replica-b.sealed", slotFileMax),
  };
  const seenFile = file("seen.sealed", smallFileMax);
  const keyFile = file("device-key.sealed", smallFileMax);
  const listsFile = file("lists.sealed", listsFileMax);

  const readSlot = (name: SlotName): readonly Slot[] => {
    const bytes = readSealed(slotFiles[name]);
    if (!bytes.ok) return [];
    const set = decodeReplicaSet(bytes.value);
    return set.ok ? [{ name, set: set.value }] : [];
  };

  return {
    slots: () => [...readSlot("a"), ...readSlot("b")],
    writeSlot: (name, set) => writeSealed(slotFiles[name], encodeReplicaSet(set)),
    seen() {
      const seen = readSealedJson(seenFile, seenRecord);
      if (!seen.ok) return err(seen.error);
      return ok(seen.value);
    },
    writeSeen: (seen) => writeSealedJson(seenFile, seen),
    lists() {
      const read = readSealedJson(listsFile, keptLists);
      return read.ok ? read.value : [];
    },
    writeLists: (lists) => writeSealedJson(listsFile, lists),
    deviceKey() {
      const read = readSealedJson(keyFile, keyRecord);
      if (!read.ok) return undefined;
      const key = new Uint8Array(Buffer.from(read.value.key, "base64url"));
      return { version: read.value.version, key: new Secret<Bytes>(key) };
    },
    writeDeviceKey({ version, key }) {
      writeSealedJson(keyFile, { version, key: Buffer.from(key.reveal()).toString("base64url") });
    },
    erase() {
      for (const { path } of [slotFiles.a, slotFiles.b, keyFile]) removePath(path);
    },
  };
}

import { join } from "node:path";
import { z } from "zod";
import { decodeUtf8, encodeHex, utf8 } from "@gridward/core/base/bytes";
import { canonical } from "@gridward/core/base/canonical";
import { nodeId, systemId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import { readFileBounded, syncDirectory, writeFileDurable } from "../os/files.ts";
import { sha256 } from "../os/hash.ts";

export type ControlFault = "absent" | "damaged" | "unsupported";

/** Far above any record: a slot that is larger is not one of ours. */
const slotBytesMost = 64 * 1024;
const slotNames = ["control.a", "control.b"] as const;

const count = z.number().int().nonnegative();
const node = z.string().min(1).transform(nodeId);
const position = z.strictObject({
  term: count,
  start: count,
  seq: count,
  hash: z.string().length(64),
});
const recordSchema = z.strictObject({
  version: z.literal(1),
  nodeId: node,
  systemId: z.string().min(1).transform(systemId).nullable(),
  incarnation: z.string().min(1).nullable(),
  term: count,
  owner: node.nullable(),
  start: count,
  highest: position,
  ackSet: z.array(node),
  certificate: z
    .strictObject({
      incarnation: z.string(),
      position,
      digest: z.string(),
      complete: z.boolean(),
      certifiedBy: node,
      at: count,
    })
    .nullable(),
  handover: z.strictObject({ term: count, to: node }).nullable(),
});
const slotSchema = z.strictObject({
  generation: count,
  record: z.unknown(),
  checksum: z.string().length(64),
});

interface Slot {
  readonly name: (typeof slotNames)[number];
  readonly generation: number;
  readonly record: ControlRecord;
}

/**
 * The control record in two slots, written in turn: a crash while one is written leaves the other.
 * Durable when `write` returns.
 */
export class ControlStore {
  readonly #directory: string;
  #last: Pick<Slot, "name" | "generation">;

  private constructor(directory: string, last: Pick<Slot, "name" | "generation">) {
    this.#directory = directory;
    this.#last = last;
  }

  /** The newest slot that is whole. Both damaged is a fault, never a blank server. */
  static open(
    directory: string,
  ): Result<{ readonly store: ControlStore; readonly record: ControlRecord }, ControlFault> {
    const read = slotNames.map((name) => readSlot(directory, name));
    const slots = read.flatMap((slot) => (slot.ok ? [slot.value] : []));
    slots.sort((left, right) => right.generation - left.generation);
    const [newest] = slots;
    if (newest) {
      return ok({ store: new ControlStore(directory, newest), record: newest.record });
    }
    const faults = read.flatMap((slot) => (slot.ok ? [] : [slot.error]));
    if (faults.includes("unsupported")) return err("unsupported");
    return err(faults.every((fault) => fault === "absent") ? "absent" : "damaged");
  }

  static create(directory: string, record: ControlRecord): ControlStore {
    const store = new ControlStore(directory, { name: "control.b", generation: 0 });
    store.write(record);
    return store;
  }

  write(record: ControlRecord): void {
    const name = this.#last.name === "control.a" ? "control.b" : "control.a";
    const generation = this.#last.generation + 1;
    const checksum = checksumOf(generation, record);
    const text = JSON.stringify({ generation, record, checksum });
    writeFileDurable(join(this.#directory, name), utf8(text));
    if (generation <= slotNames.length) syncDirectory(this.#directory);
    this.#last = { name, generation };
  }
}

function checksumOf(generation: number, record: unknown): string {
  return encodeHex(sha256(utf8(`${generation} ${canonical(record)}`)));
}

function readSlot(directory: string, name: Slot["name"]): Result<Slot, ControlFault> {
  const bytes = readFileBounded(join(directory, name), slotBytesMost);
  if (!bytes.ok) return err(bytes.error === "absent" ? "absent" : "damaged");
  const text = decodeUtf8(bytes.value);
  if (!text.ok) return err("damaged");
  try {
    const slot = slotSchema.safeParse(JSON.parse(text.value));
    if (!slot.success) return err("damaged");
    const { generation, record, checksum } = slot.data;
    if (checksumOf(generation, record) !== checksum) return err("damaged");
    const parsed = recordSchema.safeParse(record);
    // Whole, and still not understood: written by another release.
    return parsed.success ? ok({ name, generation, record: parsed.data }) : err("unsupported");
  } catch {
    return err("damaged");
  }
}

import { join } from "node:path";
import { z } from "zod";
import { decodeUtf8, encodeHex, utf8 } from "@gridward/core/base/bytes";
import { canonical } from "@gridward/core/base/canonical";
import { nodeId, systemId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import { second, type Millis } from "@gridward/core/base/time";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import type { Position } from "@gridward/core/domain/entry";
import { readFileBounded, syncDirectory, writeFileDurable } from "../os/files.ts";
import { sha256 } from "../os/hash.ts";

export type ControlFault = "absent" | "damaged" | "unsupported";

/** Far above any record: a slot that is larger is not one of ours. */
const slotBytesMost = 64 * 1024;
const slotNames = ["control.a", "control.b"] as const;

/** `highest` is kept again after so many entries, or so much time in which there were some (C4). */
const entriesUnkeptMost = 1_000;
const unkeptFor: Millis = second;

const count = z.number().int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const node = z.string().min(1).max(64).transform(nodeId);
const position = z.strictObject({ term: count, start: count, seq: count, hash });
const recordSchema = z.strictObject({
  version: z.literal(1),
  nodeId: node,
  systemId: z.string().min(1).max(64).transform(systemId).nullable(),
  incarnation: z
    .string()
    .regex(/^[0-9A-Za-z-]{1,64}$/)
    .nullable(),
  term: count,
  owner: node.nullable(),
  start: count,
  highest: position,
  ackSet: z.array(node).max(64),
  certificate: z
    .strictObject({
      incarnation: z.string(),
      position,
      digest: hash,
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
  checksum: hash,
});

interface Slot {
  readonly name: (typeof slotNames)[number];
  readonly generation: number;
  readonly record: ControlRecord;
}

/** What opening gives: the record that counts, and the slot that could not be read, if any. */
export interface OpenedControl {
  readonly store: ControlStore;
  readonly record: ControlRecord;
  /** A torn write leaves one, which is no fault; the next `write` replaces it. */
  readonly damaged: (typeof slotNames)[number] | null;
}

/**
 * The control record in two slots, written in turn: a crash while one is written leaves the other.
 * Durable when `write` returns; one fsync.
 *
 * What it guarantees about the database: `highest` never names an entry that was not durable here
 * before, and lags the journal by at most 1,000 entries or one second of writing, as long as
 * `noteHighest` is called after each append and on a tick. So a database put back from a copy is
 * recognised when the copy lacks more than that; every change of the ack set, of the term, and
 * every orderly stop writes the record with the exact position.
 */
export class ControlStore {
  readonly #directory: string;
  #last: Pick<Slot, "name" | "generation" | "record">;
  #lastWrittenAt: Millis = 0;

  private constructor(directory: string, last: Pick<Slot, "name" | "generation" | "record">) {
    this.#directory = directory;
    this.#last = last;
  }

  /** The newest slot that is whole. Both damaged is a fault, never a blank server. */
  static open(directory: string): Result<OpenedControl, ControlFault> {
    const read = slotNames.map((name) => readSlot(directory, name));
    const faults = read.map((slot) => (slot.ok ? null : slot.error));
    // The slot of another release may be the newer one: going back to the older could undo a fence.
    if (faults.includes("unsupported")) return err("unsupported");
    const slots = read.flatMap((slot) => (slot.ok ? [slot.value] : []));
    slots.sort((left, right) => right.generation - left.generation);
    const [newest] = slots;
    if (newest === undefined) {
      return err(faults.every((fault) => fault === "absent") ? "absent" : "damaged");
    }
    const damaged = slotNames[faults.indexOf("damaged")] ?? null;
    const store = new ControlStore(directory, newest);
    return ok({ store, record: newest.record, damaged });
  }

  static create(directory: string, record: ControlRecord): ControlStore {
    const store = new ControlStore(directory, { name: "control.b", generation: 0, record });
    store.write(record);
    return store;
  }

  /** What was written last. */
  get record(): ControlRecord {
    return this.#last.record;
  }

  write(record: ControlRecord): void {
    const name = this.#last.name === "control.a" ? "control.b" : "control.a";
    const generation = this.#last.generation + 1;
    const checksum = checksumOf(generation, record);
    const text = JSON.stringify({ generation, record, checksum });
    writeFileDurable(join(this.#directory, name), utf8(text));
    if (generation <= slotNames.length) syncDirectory(this.#directory);
    this.#last = { name, generation, record };
  }

  /**
   * Keeps how far the journal is durable, when it is due (C4); `at` is of a monotonic clock. Meant
   * for after the answer to the caller: mostly it does nothing, at times it takes one fsync.
   */
  noteHighest(highest: Position, at: Millis): void {
    const { record } = this.#last;
    const isNew = highest.hash !== record.highest.hash;
    const isFar = highest.seq - record.highest.seq >= entriesUnkeptMost;
    if (!isNew || (!isFar && at - this.#lastWrittenAt < unkeptFor)) return;
    this.#lastWrittenAt = at;
    this.write({ ...record, highest });
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
    // Whole, and still not understood: another release wrote it.
    return parsed.success ? ok({ name, generation, record: parsed.data }) : err("unsupported");
  } catch {
    return err("damaged");
  }
}

import { join } from "node:path";
import { z } from "zod";
import { decodeUtf8, encodeHex, utf8 } from "@gridward/core/base/bytes";
import { canonical } from "@gridward/core/base/canonical";
import { err, ok, type Result } from "@gridward/core/base/result";
import { readFileBounded, syncDirectory, writeFileDurable } from "./files.ts";
import { sha256 } from "./hash.ts";

export type SlotFault = "absent" | "damaged" | "unsupported";

/** Far above any record: a slot that is larger is not one of ours. */
const slotBytesMost = 64 * 1024;

const slotSchema = z.strictObject({
  generation: z.number().int().nonnegative(),
  record: z.unknown(),
  checksum: z.string().regex(/^[0-9a-f]{64}$/),
});

interface Slot<Value> {
  readonly name: string;
  readonly generation: number;
  readonly record: Value;
}

/** What opening gives: the record that counts, and the slot that could not be read, if any. */
export interface OpenedSlots<Value> {
  readonly file: TwoSlotFile<Value>;
  readonly record: Value;
  /** A torn write leaves one, which is no fault; the next `write` replaces it. */
  readonly damaged: string | null;
}

/** Where the two slots lie: `NAME.a` and `NAME.b` of a directory. */
export interface SlotPlace<Value> {
  readonly directory: string;
  readonly name: string;
  /** Undefined for what this release does not understand. */
  readonly parse: (json: unknown) => Value | undefined;
}

/**
 * A small record in two slots, written in turn: a crash while one is written leaves the other.
 * Durable when `write` returns; one fsync. An error of the disk throws.
 */
export class TwoSlotFile<Value> {
  readonly #place: SlotPlace<Value>;
  #last: Slot<Value>;

  private constructor(place: SlotPlace<Value>, last: Slot<Value>) {
    this.#place = place;
    this.#last = last;
  }

  /** The newest slot that is whole. Both damaged is a fault, never an empty record. */
  static open<Value>(place: SlotPlace<Value>): Result<OpenedSlots<Value>, SlotFault> {
    const names = slotNames(place);
    const read = names.map((name) => readSlot(place, name));
    const faults = read.map((slot) => (slot.ok ? null : slot.error));
    // The slot of another release may be the newer one: going back to the older could undo a fence.
    if (faults.includes("unsupported")) return err("unsupported");
    const slots = read.flatMap((slot) => (slot.ok ? [slot.value] : []));
    slots.sort((left, right) => right.generation - left.generation);
    const [newest] = slots;
    if (newest === undefined) {
      return err(faults.every((fault) => fault === "absent") ? "absent" : "damaged");
    }
    const damaged = names[faults.indexOf("damaged")] ?? null;
    return ok({ file: new TwoSlotFile(place, newest), record: newest.record, damaged });
  }

  /** Writes the first record. */
  static create<Value>(place: SlotPlace<Value>, record: Value): TwoSlotFile<Value> {
    const [, second] = slotNames(place);
    const file = new TwoSlotFile(place, { name: second, generation: 0, record });
    file.write(record);
    return file;
  }

  /** What was written last. */
  get record(): Value {
    return this.#last.record;
  }

  write(record: Value): void {
    const names = slotNames(this.#place);
    const name = this.#last.name === names[0] ? names[1] : names[0];
    const generation = this.#last.generation + 1;
    const checksum = checksumOf(generation, record);
    const text = JSON.stringify({ generation, record, checksum });
    const { directory } = this.#place;
    writeFileDurable(join(directory, name), utf8(text));
    if (generation <= names.length) syncDirectory(directory);
    this.#last = { name, generation, record };
  }
}

/** The versions that whole slots say they have, be they understood or not; the newest slot first. */
export function versionsIn<Value>(place: SlotPlace<Value>): readonly number[] {
  const whole = slotNames(place).map((name) =>
    readSlot({ ...place, parse: versioned.parse }, name),
  );
  const slots = whole.flatMap((slot) => (slot.ok ? [slot.value] : []));
  slots.sort((left, right) => right.generation - left.generation);
  return slots.map(({ record }) => record.version);
}

const versioned = {
  parse: (json: unknown) => z.object({ version: z.number() }).safeParse(json).data,
};

function slotNames<Value>({ name }: SlotPlace<Value>): readonly [string, string] {
  return [`${name}.a`, `${name}.b`];
}

function checksumOf(generation: number, record: unknown): string {
  return encodeHex(sha256(utf8(`${generation} ${canonical(record)}`)));
}

function readSlot<Value>(place: SlotPlace<Value>, name: string): Result<Slot<Value>, SlotFault> {
  const bytes = readFileBounded(join(place.directory, name), slotBytesMost);
  if (!bytes.ok) return err(bytes.error === "absent" ? "absent" : "damaged");
  const text = decodeUtf8(bytes.value);
  if (!text.ok) return err("damaged");
  try {
    const slot = slotSchema.safeParse(JSON.parse(text.value));
    if (!slot.success) return err("damaged");
    const { generation, record, checksum } = slot.data;
    if (checksumOf(generation, record) !== checksum) return err("damaged");
    const parsed = place.parse(record);
    // Whole, and still not understood: another release wrote it.
    return parsed === undefined ? err("unsupported") : ok({ name, generation, record: parsed });
  } catch {
    return err("damaged");
  }
}

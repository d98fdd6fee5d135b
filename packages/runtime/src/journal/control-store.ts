import { z } from "zod";
import { nodeId, systemId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { second, type Millis } from "@gridward/core/base/time";
import { version } from "@gridward/core/base/version";
import type { AgeMark } from "@gridward/core/domain/age";
import { arbitrationModes } from "@gridward/core/domain/arbitration-mode";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import type { Position } from "@gridward/core/domain/entry";
import { type SlotFault, type SlotPlace, TwoSlotFile, versionsIn } from "../os/two-slot-file.ts";

export type ControlFault = SlotFault;

/** `highest` is kept again after so many entries, or so much time in which there were some (C4). */
const entriesUnkeptMost = 1_000;
const unkeptFor: Millis = second;

const count = z.int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const node = z.string().min(1).max(64).transform(nodeId);
const position = z.strictObject({ term: count, start: count, seq: count, hash });
const uptime = z.strictObject({ boot: z.string().min(1).max(64), millis: count });
const ageMark = z.strictObject({ age: count, latest: count, uptime: uptime.nullable() });

/** Format of the record. */
const controlVersion = 1;

const recordSchema = z.strictObject({
  version: z.literal(controlVersion),
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
  mode: z.enum(arbitrationModes),
  switching: z.enum(arbitrationModes).nullable(),
  candidacy: count.nullable(),
  maintenance: z.strictObject({ since: count }).nullable(),
  arbiterVersion: count,
  doubtedUpTo: count,
  lostName: z.boolean().default(false),
  /** A record of before there was one is as old as nobody knows. */
  age: ageMark.nullable().default(null),
});

/** The pair's record, and beside it how old the accounts were, which is no matter of the pair's. */
export interface StoredControl extends ControlRecord {
  readonly age: AgeMark | null;
}

/** What opening gives: the record that counts, and the slot that could not be read, if any. */
export interface OpenedControl {
  readonly store: ControlStore;
  readonly record: StoredControl;
  /** A torn write leaves one, which is no fault; the next `write` replaces it. */
  readonly damaged: string | null;
}

/**
 * The control record, in two slots (os/two-slot-file.ts). Durable when `write` returns; one fsync.
 *
 * What it guarantees about the database: `highest` never names an entry that was not durable here
 * before, and lags the journal by at most 1,000 entries or one second of writing, as long as
 * `noteHighest` is called after each append and on a tick. So a database put back from a copy is
 * recognised when the copy lacks more than that; every change of the ack set, of the term, and
 * every orderly stop writes the record with the exact position.
 */
export class ControlStore {
  readonly #file: TwoSlotFile<StoredControl>;
  #age: () => AgeMark | null;
  #lastWrittenAt: Millis = 0;

  private constructor(file: TwoSlotFile<StoredControl>) {
    this.#file = file;
    const { age } = file.record;
    this.#age = () => age;
  }

  /** Both slots damaged is a fault, never a blank server. */
  static open(directory: string): Result<OpenedControl, ControlFault> {
    const opened = TwoSlotFile.open(placeIn(directory));
    if (!opened.ok) return opened;
    const { file, record, damaged } = opened.value;
    return ok({ store: new ControlStore(file), record, damaged });
  }

  static create(directory: string, record: ControlRecord): ControlStore {
    return new ControlStore(TwoSlotFile.create(placeIn(directory), { ...record, age: null }));
  }

  /** What was written last. */
  get record(): StoredControl {
    return this.#file.record;
  }

  write(record: ControlRecord): void {
    this.#file.write({ ...record, age: this.#age() });
  }

  /** Every record from now on says how old the accounts are at its time (C6). */
  carryAge(age: () => AgeMark | null): void {
    this.#age = age;
  }

  /**
   * Keeps how far the journal is durable, when it is due (C4); `at` is of a monotonic clock. Meant
   * for after the answer to the caller: mostly it does nothing, at times it takes one fsync.
   */
  noteHighest(highest: Position, at: Millis): void {
    const { record } = this;
    const isNew = highest.hash !== record.highest.hash;
    const isFar = highest.seq - record.highest.seq >= entriesUnkeptMost;
    if (!isNew || (!isFar && at - this.#lastWrittenAt < unkeptFor)) return;
    this.#lastWrittenAt = at;
    this.write({ ...record, highest });
  }
}

/** Who wrote a record that is "unsupported" here, as far as it says. */
export function tellControlVersion(directory: string): string {
  const newest = Math.max(...versionsIn(placeIn(directory)));
  return newest > controlVersion
    ? `a newer version wrote it (format ${newest}; version ${version} reads ${controlVersion})`
    : `another version wrote it: it holds what version ${version} does not know`;
}

function placeIn(directory: string): SlotPlace<StoredControl> {
  return {
    directory,
    name: "control",
    parse: (json) => recordSchema.safeParse(json).data,
  };
}

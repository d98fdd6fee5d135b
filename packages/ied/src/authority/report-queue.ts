import * as z from "zod";
import { reportedMax } from "@gridward/core/codec/replica/limits";
import type { Reported } from "@gridward/core/codec/replica/message";
import { readSealedJson, writeSealedJson, type SealedFile } from "../sealed-file.ts";

/** Records kept while no server takes them; the oldest go first, and the numbers show the gap. */
const keptMax = 2_048;

const record = z
  .strictObject({
    number: z.int().min(0),
    at: z.int().min(0),
    event: z.int().min(0).max(65_535),
    account: z.string().max(128),
    accessPoint: z.string().max(32),
    source: z.enum(["main", "standby", "replica", "device"]),
    reason: z.string().max(512),
  })
  .readonly();

const queueFile = z.strictObject({
  next: z.int().min(1),
  records: z.array(record).max(keptMax).readonly(),
});

/** What this device decided by itself, kept until a server has it. */
export class ReportQueue {
  readonly #file: SealedFile;
  #next = 1;
  #records: readonly Reported[] = [];

  constructor(file: SealedFile) {
    this.#file = file;
    const read = readSealedJson(file, queueFile);
    if (!read.ok) return;
    this.#next = read.value.next;
    this.#records = read.value.records;
  }

  add(content: Omit<Reported, "number">): void {
    const number = this.#next++;
    this.#records = [...this.#records, { ...content, number }].slice(-keptMax);
    this.#save();
  }

  /** The oldest, as many as one report carries. */
  batch(): readonly Reported[] {
    return this.#records.slice(0, reportedMax);
  }

  /** A server has everything up to this number. */
  forgetUpTo(number: number): void {
    this.#records = this.#records.filter((kept) => kept.number > number);
    this.#save();
  }

  #save(): void {
    writeSealedJson(this.#file, { next: this.#next, records: this.#records });
  }
}

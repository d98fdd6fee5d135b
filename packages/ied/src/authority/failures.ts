import * as z from "zod";
import { minute, type Instant } from "@gridward/core/base/time";
import { countFailure, isBlockedAt, type FailureCounter } from "@gridward/core/domain/lock-out";
import type { ReplicaRecord } from "@gridward/core/codec/replica/record";
import { readSealedJson, writeSealedJson, type SealedFile } from "../sealed-file.ts";

/** The rule while the replica names none: three failures within ten minutes, for ten minutes. */
const plainRule: ReplicaRecord["lockOut"] = {
  attempts: 3,
  window: 10 * minute,
  lockFor: 10 * minute,
};

/** Names counted at once; the oldest that is not blocked makes room. */
const namesMax = 1_024;

const counterRecord = z.strictObject({
  failures: z.int().min(0),
  since: z.int().min(0),
  blockedUntil: z.int().min(0).nullable(),
});
const failureFile = z.record(z.string().max(128), counterRecord);

/**
 * DV13: failed sign-ins by typed name, on this device, through a restart. Names that no account has
 * are counted alike: otherwise a lock-out would tell which names exist (AM10).
 */
export class Failures {
  readonly #file: SealedFile;
  readonly #counters: Map<string, FailureCounter>;
  /** Changed since they were last reported upward. */
  readonly #unreported = new Set<string>();

  constructor(file: SealedFile) {
    this.#file = file;
    const read = readSealedJson(file, failureFile);
    this.#counters = new Map(read.ok ? Object.entries(read.value) : []);
    for (const name of this.#counters.keys()) this.#unreported.add(name);
  }

  isBlocked(name: string, now: Instant): boolean {
    return isBlockedAt(this.#counters.get(name), now);
  }

  /** True when this failure was the one that blocks. */
  count(name: string, rule: ReplicaRecord["lockOut"], now: Instant): boolean {
    const counter = countFailure(this.#counters.get(name), rule, now);
    if (!this.#counters.has(name) && this.#counters.size >= namesMax) this.#makeRoom(now);
    this.#counters.set(name, counter);
    this.#unreported.add(name);
    this.#save();
    return isBlockedAt(counter, now);
  }

  forget(name: string): void {
    if (!this.#counters.delete(name)) return;
    this.#unreported.delete(name);
    this.#save();
  }

  counters(): Iterable<FailureCounter> {
    return this.#counters.values();
  }

  /** What servers have not heard yet, at most `limit` names. */
  unreported(limit: number): readonly Reportable[] {
    const names = [...this.#unreported].slice(0, limit);
    return names.flatMap((name) => {
      const counter = this.#counters.get(name);
      if (counter === undefined) return [];
      return [{ name, failures: counter.failures, until: counter.blockedUntil }];
    });
  }

  markReported(names: readonly Reportable[]): void {
    for (const { name } of names) this.#unreported.delete(name);
  }

  #makeRoom(now: Instant): void {
    const spare = [...this.#counters].filter(([, counter]) => !isBlockedAt(counter, now));
    const candidates = spare.length > 0 ? spare : [...this.#counters];
    const [oldest] = candidates.toSorted(([, left], [, right]) => left.since - right.since);
    if (oldest !== undefined) this.#counters.delete(oldest[0]);
  }

  #save(): void {
    writeSealedJson(this.#file, Object.fromEntries(this.#counters));
  }
}

export interface Reportable {
  readonly name: string;
  readonly failures: number;
  readonly until: Instant | null;
}

/**
 * One rule for every name typed at this device, the strictest of its accounts: a rule by account
 * would show by the number of tries which names exist.
 */
export function lockOutRule(records: Iterable<ReplicaRecord>): ReplicaRecord["lockOut"] {
  let rule: ReplicaRecord["lockOut"] | undefined;
  for (const { lockOut } of records) {
    rule = {
      attempts: Math.min(rule?.attempts ?? lockOut.attempts, lockOut.attempts),
      window: Math.max(rule?.window ?? 0, lockOut.window),
      lockFor: Math.max(rule?.lockFor ?? 0, lockOut.lockFor),
    };
  }
  return rule ?? plainRule;
}

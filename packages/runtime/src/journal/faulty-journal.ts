import { assert } from "@gridward/core/base/result";
import type { Entry, Position } from "@gridward/core/domain/entry";
import type { DirectoryState } from "@gridward/core/domain/state";
import { DiskFull, type Journal, type JournalStore, type OpenedJournal } from "./journal.ts";

/** Where a fault may strike. */
export type FaultPoint = "append" | "truncate" | "saveSnapshot" | "finish";

/**
 * What happens there. "torn" makes the first half of the entries durable before the power is gone:
 * harsher than a transaction, so that nobody relies on batches. A slow disk is a `plan` that takes
 * its time before it answers.
 */
export type Fault = "disk-full" | "crash-before" | "torn" | "crash-after";

/** Asked before each call at a point; undefined lets it pass. */
export type FaultPlan = (point: FaultPoint) => Fault | undefined;

/** The process is gone at this line: whoever catches it opens the journal again. */
export class PowerLoss extends Error {
  override readonly name = "PowerLoss";
}

/** Any journal store, with faults where `plan` wants them. */
export function faultyJournalStore(inner: JournalStore, plan: FaultPlan): JournalStore {
  const wrap = (opened: OpenedJournal): OpenedJournal => ({
    ...opened,
    journal: new FaultyJournal(opened.journal, plan),
  });
  return {
    open(incarnation) {
      const opened = inner.open(incarnation);
      return opened.ok ? { ok: true, value: wrap(opened.value) } : opened;
    },
    create: (incarnation) => wrap(inner.create(incarnation)),
    build(incarnation) {
      const builder = inner.build(incarnation);
      return {
        incarnation,
        rows: (changes) => builder.rows(changes),
        finish(position, digest, earlier) {
          const fault = plan("finish");
          if (fault === "disk-full") throw new DiskFull("injected");
          if (fault === "crash-before" || fault === "torn") throw new PowerLoss("before finish");
          const opened = builder.finish(position, digest, earlier);
          if (fault === "crash-after") throw new PowerLoss("after finish");
          return opened.ok ? { ok: true, value: wrap(opened.value) } : opened;
        },
        abandon: () => builder.abandon(),
      };
    },
    keepOnly: (incarnation) => inner.keepOnly(incarnation),
  };
}

class FaultyJournal implements Journal {
  readonly #inner: Journal;
  readonly #plan: FaultPlan;
  #isGone = false;

  constructor(inner: Journal, plan: FaultPlan) {
    this.#inner = inner;
    this.#plan = plan;
  }

  get incarnation(): string {
    return this.#inner.incarnation;
  }

  head(): Position {
    return this.#alive().head();
  }

  first(): number {
    return this.#alive().first();
  }

  append(entries: readonly Entry[], committed: number): void {
    this.#strike("append", {
      whole: (inner) => inner.append(entries, committed),
      half: (inner) => inner.append(entries.slice(0, Math.floor(entries.length / 2)), committed),
    });
  }

  noteCommitted(seq: number): void {
    this.#alive().noteCommitted(seq);
  }

  read(seq: number, limit: number): readonly Entry[] {
    return this.#alive().read(seq, limit);
  }

  hashAt(seq: number): string | undefined {
    return this.#alive().hashAt(seq);
  }

  terms(): readonly Position[] {
    return this.#alive().terms();
  }

  truncate(seq: number): void {
    this.#strike("truncate", { whole: (inner) => inner.truncate(seq) });
  }

  saveSnapshot(state: DirectoryState, position: Position, digest: string): void {
    this.#strike("saveSnapshot", { whole: (inner) => inner.saveSnapshot(state, position, digest) });
  }

  /** A crashed process closes nothing: the mark noted since the last append is lost with it. */
  close(): void {
    if (!this.#isGone) this.#inner.close();
  }

  #alive(): Journal {
    assert(!this.#isGone, "a journal is opened again after a crash");
    return this.#inner;
  }

  #strike(
    point: FaultPoint,
    work: {
      readonly whole: (inner: Journal) => void;
      readonly half?: (inner: Journal) => void;
    },
  ): void {
    const inner = this.#alive();
    const fault = this.#plan(point);
    if (fault === "disk-full") throw new DiskFull(`injected at ${point}`);
    if (fault === "torn") work.half?.(inner);
    if (fault === undefined || fault === "crash-after") work.whole(inner);
    if (fault === undefined) return;
    this.#isGone = true;
    throw new PowerLoss(`${fault} at ${point}`);
  }
}

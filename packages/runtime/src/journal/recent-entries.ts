import type { Entry } from "@gridward/core/domain/entry";

/** Facts and entries kept together at most: some megabytes. */
const weightMost = 8_192;

/**
 * The newest entries of a journal, without a gap, as they were written: what was made durable a
 * moment ago is sent to the partner and shown without a look at the disk.
 */
export class RecentEntries {
  readonly #entries: Entry[] = [];
  #weight = 0;

  add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#weight += weightOf(entry);
    }
    while (this.#weight > weightMost) this.#forgetFirst();
  }

  /** As a journal reads, or undefined where something of it is not kept here. */
  read(seq: number, limit: number): readonly Entry[] | undefined {
    const start = this.#indexOf(seq);
    return start < 0 ? undefined : this.#entries.slice(start, start + limit);
  }

  hashAt(seq: number): string | undefined {
    return this.#entries[this.#indexOf(seq)]?.hash;
  }

  /** Takes away everything after `seq`. */
  cut(seq: number): void {
    while ((this.#entries.at(-1)?.seq ?? 0) > seq) this.#weight -= weightOf(this.#entries.pop());
  }

  /** Takes away everything up to `seq`. */
  forget(seq: number): void {
    while ((this.#entries[0]?.seq ?? Number.POSITIVE_INFINITY) <= seq) this.#forgetFirst();
  }

  #forgetFirst(): void {
    this.#weight -= weightOf(this.#entries.shift());
  }

  /** Negative for a place before the first entry, or where there is none. */
  #indexOf(seq: number): number {
    const [first] = this.#entries;
    return first === undefined ? -1 : seq - first.seq;
  }
}

function weightOf(entry: Entry | undefined): number {
  return entry === undefined ? 0 : 1 + entry.facts.length;
}

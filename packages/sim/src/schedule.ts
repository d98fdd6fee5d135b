/** Simulated time: work in order of its time, and of its making where times are equal. */
export class Schedule {
  #now = 0;
  #made = 0;
  /** A binary heap by (at, order). */
  readonly #heap: { at: number; order: number; work: () => void }[] = [];

  get now(): number {
    return this.#now;
  }

  after(delay: number, work: () => void): void {
    const heap = this.#heap;
    heap.push({ at: this.#now + Math.max(0, delay), order: this.#made++, work });
    let index = heap.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) break; // Ends: the parent's index is smaller.
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** Does the next piece of work; false when there is none before `until`. */
  step(until: number): boolean {
    const [first] = this.#heap;
    if (!first || first.at > until) {
      this.#now = Math.max(this.#now, until);
      return false;
    }
    const last = this.#heap.pop();
    if (last && last !== first) {
      this.#heap[0] = last;
      this.#sink();
    }
    this.#now = first.at;
    first.work();
    return true;
  }

  #sink(): void {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let least = index;
      if (left < this.#heap.length && this.#isBefore(left, least)) least = left;
      if (right < this.#heap.length && this.#isBefore(right, least)) least = right;
      if (least === index) return; // Ends: otherwise the index grows.
      this.#swap(index, least);
      index = least;
    }
  }

  #isBefore(left: number, right: number): boolean {
    const a = this.#heap[left];
    const b = this.#heap[right];
    if (!a || !b) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #swap(left: number, right: number): void {
    const a = this.#heap[left];
    const b = this.#heap[right];
    if (!a || !b) return;
    this.#heap[left] = b;
    this.#heap[right] = a;
  }
}

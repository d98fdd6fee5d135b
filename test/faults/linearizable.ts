/** One operation on a register in which every value is written once at most. */
export interface RegisterOperation {
  readonly kind: "write" | "read";
  readonly value: string;
  readonly from: number;
  /** Infinity: nobody knows whether and when it took effect. */
  readonly to: number;
}

/** A write and the reads of its value: between `from` and `to` the register must hold it. */
interface Zone {
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Why a history of one register cannot have happened in any order of instants; undefined when it
 * can. Gibbons and Korach, "Testing shared memories" (1997): with values written once, a history
 * is linearizable exactly when no two forward zones overlap and no backward zone lies within a
 * forward one. The value before the first write is written at minus infinity by whoever asks.
 */
export function findContradiction(history: readonly RegisterOperation[]): string | undefined {
  const forward: Zone[] = [];
  const backward: Zone[] = [];
  for (const [value, operations] of Map.groupBy(history, (each) => each.value)) {
    const write = operations.find(({ kind }) => kind === "write");
    if (write === undefined) return `${value} was read, and nobody had written it`;
    const reads = operations.filter(({ kind }) => kind === "read");
    if (reads.some(({ to }) => to < write.from)) return `${value} was read before it was written`;
    // What nobody saw need not have happened.
    if (reads.length === 0 && write.to === Infinity) continue;
    const firstEnd = Math.min(...operations.map(({ to }) => to));
    const lastStart = Math.max(...operations.map(({ from }) => from));
    if (firstEnd < lastStart) forward.push({ value, from: firstEnd, to: lastStart });
    else backward.push({ value, from: lastStart, to: firstEnd });
  }
  return findOverlap(forward) ?? findEnclosed(forward, backward);
}

function findOverlap(forward: readonly Zone[]): string | undefined {
  const ordered = forward.toSorted((left, right) => left.from - right.from);
  for (const [index, later] of ordered.entries()) {
    const earlier = ordered[index - 1];
    if (earlier !== undefined && later.from < earlier.to) {
      return `${earlier.value} was still there after ${later.value} had been`;
    }
  }
  return undefined;
}

function findEnclosed(forward: readonly Zone[], backward: readonly Zone[]): string | undefined {
  for (const outer of forward) {
    const inner = backward.find(({ from, to }) => outer.from < from && to < outer.to);
    if (inner) return `${outer.value} was there before and after ${inner.value}`;
  }
  return undefined;
}

import type { Instant } from "@gridward/core/base/time";
import { limitSources, type SourceLimitChoice } from "@gridward/runtime/os/source-limit";

export interface Telling<Told> {
  /** What is told of as one: never by words that its peer chooses. */
  readonly keyOf: (told: Told) => string;
  /** How often each is told; so many of them are remembered. */
  readonly rate: SourceLimitChoice;
  /** `more` came since the last that was told of the same. */
  readonly record: (told: Told, more: number) => void;
  readonly now: () => Instant;
}

/**
 * Tells what peers can bring about as often as they like, at a rate: the store of events drops its
 * oldest, and nobody must push the others out. What is not told is counted.
 */
export function tellBounded<Told>({
  keyOf,
  rate,
  record,
  now,
}: Telling<Told>): (told: Told) => void {
  const limit = limitSources(rate);
  const unsaid = new Map<string, number>();
  return (told) => {
    const key = keyOf(told);
    const more = unsaid.get(key) ?? 0;
    unsaid.delete(key);
    if (limit.admit(key, now()).ok) {
      record(told, more);
      return;
    }
    unsaid.set(key, more + 1);
    const [oldest = key] = unsaid.size > rate.sourcesMax ? unsaid.keys() : [];
    if (oldest !== key) unsaid.delete(oldest);
  };
}

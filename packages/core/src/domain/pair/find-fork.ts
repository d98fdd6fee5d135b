import { origin, type Position } from "../entry.ts";
import type { HistoryView } from "./pair-state.ts";

/** What a Main shows of its history to one whose own left it. */
export interface Shown {
  /** Ends of its terms, oldest first. */
  readonly points: readonly Position[];
  /** Places of the range that was asked for; null where none was. */
  readonly between: readonly Position[] | null;
}

/** The last place both histories share, as far as it is known, and where it may lie further on. */
export interface Fork {
  readonly at: Position;
  /** Not yet exact: what must be shown next. */
  readonly open: { readonly low: number; readonly high: number } | null;
}

/** Places shown of one range: a history of 16 million changes is searched in three questions. */
const placesShown = 256;

/**
 * HS9: the fork by hash. Equal hash at equal number means equal history up to there, so the shared
 * part ends at the last place with an equal hash, and before the first with another.
 */
export function findFork(history: HistoryView, head: Position, shown: Shown): Fork {
  const places = [...shown.points, ...(shown.between ?? [])];
  let at = origin;
  for (const place of places) {
    if (place.seq > at.seq && history.hashAt(place.seq) === place.hash) at = place;
  }
  const later = places.filter(({ seq }) => seq > at.seq).map(({ seq }) => seq);
  if (later.length === 0) return { at, open: null };
  const high = Math.min(head.seq + 1, ...later);
  // The Main keeps nothing inside the range any more: nearer than this nobody can tell.
  const isExhausted = shown.between !== null && shown.between.length < 3;
  const isExact = high - at.seq <= 1 || isExhausted;
  return { at, open: isExact ? null : { low: at.seq, high } };
}

/** As Main: our places in a range, evenly spread, its ends among them. */
export function placesBetween(
  history: HistoryView,
  head: Position,
  range: { readonly low: number; readonly high: number },
): readonly Position[] {
  const high = Math.min(range.high, head.seq);
  const pace = Math.max(1, Math.ceil((high - range.low) / (placesShown - 1)));
  const places: Position[] = [];
  for (let seq = range.low; seq < high; seq += pace) {
    const place = history.placeAt(seq);
    if (place !== undefined) places.push(place);
  }
  const last = history.placeAt(high);
  return last === undefined ? places : [...places, last];
}

import { encodeHex, lengthPrefixed, utf8 } from "@gridward/core/base/bytes";
import { canonical } from "@gridward/core/base/canonical";
import { sha256 } from "../os/hash.ts";
import type { SecurityEvent, SecurityEventContent } from "./kept-event.ts";

/** What the first event of all follows. */
export const firstPrev = "0".repeat(64);

/** The first event that is not as it was written. */
export interface EventFault {
  readonly sequence: number;
  readonly says: string;
}

/** What is known of the chain when a walk of it begins. */
export interface ChainEnds {
  /** Of the newest event that was written. */
  readonly newest: number;
  /** So many are kept at least, once there were as many. */
  readonly kept: number;
}

export function hashOf(content: SecurityEventContent, sequence: number, prev: string): string {
  const { at, event, outcome, subject, door, source, device, detail } = content;
  const body = { at, event, outcome, subject, door, source, device, detail, sequence };
  return encodeHex(sha256(lengthPrefixed([utf8(prev), utf8(canonical(body))])));
}

/** What is wrong with an event that stands after `earlier`, or first where that is undefined. */
export function findChainFault(
  event: SecurityEvent,
  earlier: SecurityEvent | undefined,
  { newest, kept }: ChainEnds,
): string | undefined {
  if (event.hash !== hashOf(event, event.sequence, event.prev)) {
    return "The event was altered after it was written.";
  }
  if (earlier === undefined) {
    // The oldest go only when there are more than are kept.
    const isShort = event.sequence > 1 && newest - event.sequence + 1 < kept;
    if (isShort) return "Events before this one are missing.";
    const isFirst = event.sequence > 1 || event.prev === firstPrev;
    return isFirst ? undefined : "The event is not the first of its file.";
  }
  if (event.sequence !== earlier.sequence + 1) return "Events before this one are missing.";
  return event.prev === earlier.hash ? undefined : "The event does not follow the one before.";
}

import { termLeapMax } from "@gridward/core/domain/restore-term";

/** The place and content of a replica, as far as a device has ever seen. */
export interface SeenPosition {
  readonly term: number;
  readonly owner: string;
  readonly rev: number;
  readonly setDigest: string;
}

/**
 * "take" moves on, "same" is where we are; everything else is refused and changes nothing
 * (research/ha-replication §2.11 rules 2, 3 and 5).
 */
export type OrderVerdict =
  | "take"
  | "same"
  | "older revision"
  | "lower term"
  | "another owner of the same term"
  | "another content at the same place"
  | "a leap of terms";

export function judgeOrder(seen: SeenPosition | null, offered: SeenPosition): OrderVerdict {
  if (seen === null) return "take";
  if (offered.term < seen.term) return "lower term";
  if (offered.term > seen.term + termLeapMax) return "a leap of terms";
  if (offered.term > seen.term) return "take";
  if (offered.owner !== seen.owner) return "another owner of the same term";
  if (offered.rev < seen.rev) return "older revision";
  if (offered.rev > seen.rev) return "take";
  return offered.setDigest === seen.setDigest ? "same" : "another content at the same place";
}

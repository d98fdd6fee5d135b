import type { Millis } from "@gridward/core/base/time";
import type { LinkOutcome, VerifiedPeer } from "@gridward/runtime/link/peer";

/** How the last try in one direction ended, for status and for the changeover check. */
export type Direction =
  | { readonly verdict: "not tried" }
  | { readonly verdict: "ok"; readonly fingerprint: string; readonly notAfter: number }
  | {
      readonly verdict: "refused";
      readonly cause: string;
      readonly by: "us" | "them";
      readonly ours: string;
      readonly theirs: string;
      readonly since: Millis;
    };

/** Somebody said no. What was not reached (T17) is no conflict: nobody refused (research §3.3). */
export function isConflict(
  direction: Direction,
): direction is Extract<Direction, { readonly verdict: "refused" }> {
  return direction.verdict === "refused" && direction.cause !== "T17";
}

/** Of a partner that neither dialled nor was dialled yet. */
export const untried = {
  dial: { verdict: "not tried" },
  accept: { verdict: "not tried" },
} as const;

export function good(peer: VerifiedPeer): Direction {
  return { verdict: "ok", fingerprint: peer.fingerprint, notAfter: peer.certificateNotAfter };
}

/** The first moment of one cause stays the moment since when it stands. */
export function bad(
  outcome: LinkOutcome & { readonly outcome: "refused" },
  at: Millis,
  before?: Direction,
): Direction {
  const { cause, by, ours, theirs } = outcome;
  const stands = before?.verdict === "refused" && before.cause === cause;
  return { verdict: "refused", cause, by, ours, theirs, since: stands ? before.since : at };
}

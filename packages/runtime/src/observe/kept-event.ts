import type { Instant } from "@gridward/core/base/time";

/** A security event as its source reports it (design §4). Numbers: core/domain/security-event.ts. */
export interface SecurityEventContent {
  readonly at: Instant;
  readonly event: number;
  readonly outcome: "accepted" | "refused" | "done" | "gap";
  /** Account or program that asked, as it named itself. */
  readonly subject: string;
  readonly door: string;
  /** Network address of the peer; "" where there is none. */
  readonly source: string;
  readonly device: string | null;
  readonly detail: string;
}

/** As it is kept: numbered from 1 and chained. */
export interface SecurityEvent extends SecurityEventContent {
  readonly sequence: number;
  readonly prev: string;
  readonly hash: string;
}

import type { Bytes } from "@gridward/core/base/bytes";
import type { NodeId } from "@gridward/core/base/identity";
import type { Instant } from "@gridward/core/base/time";
import type { TlsCauseCode } from "@gridward/core/domain/tls-cause";
import type { LinkIdentity } from "./identity.ts";
import type { LinkSettings } from "./link-settings.ts";
import type { PeerName } from "./peer-name.ts";

/** The conversations of a link port; ALPN decides (design §6). */
export type Protocol =
  | "gridward-partner/1"
  | "gridward-replica/1"
  | "gridward-diag/1"
  | "gridward-witness/1";

/**
 * A peer that both sides judged `ok`. There is one place that makes one: link/verify.ts. Nothing
 * but the verdict frame is read from a connection before that (rule I24).
 */
export interface VerifiedPeer {
  readonly protocol: Protocol;
  readonly name: PeerName;
  /** Which side opened the connection: "dial" is ours. */
  readonly direction: "dial" | "accept";
  /** SHA-256 of the peer's leaf certificate, lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly certificateNotAfter: Instant;
  readonly address: string;
  /**
   * Queues one frame (at most `frameBytesMax`). Resolves when the queue is below its low mark, so
   * that a bulk sender can wait; rejects never: a dead link is told by `closed`.
   */
  send(frame: Bytes): Promise<void>;
  /** Frames in order, handed over one at a time; set once, before the next turn of the loop. */
  onFrame(listener: (frame: Bytes) => void): void;
  close(reason: string): void;
  /** What we would say of it now, with the lists, anchors and settings of now: null is `ok`. */
  judgeAgain(now: PeerTrust): TlsCauseCode | null;
  /** Resolves with the reason when the connection has ended. */
  readonly closed: Promise<string>;
}

/** By what a peer is judged. */
export interface PeerTrust {
  readonly identity: LinkIdentity;
  readonly settings: LinkSettings;
}

/** Cause of a refused connection: T01..T17 of the one table in core/domain/tls-cause.ts. */
export type TlsCause = `T${string}`;

/** What one try to reach, or to be reached by, a peer ended in. */
export type LinkOutcome =
  | { readonly outcome: "verified"; readonly peer: VerifiedPeer }
  | {
      readonly outcome: "refused";
      readonly cause: TlsCause;
      /** Who said no. */
      readonly by: "us" | "them";
      readonly direction: "dial" | "accept";
      /** The two facts in contradiction, for the operator of this server. */
      readonly ours: string;
      readonly theirs: string;
      /** True only if the peer proved the partner's pairing key or we dialled the configured partner. */
      readonly fromPartner: boolean;
      /** Which partner proved its pairing key in calling us. */
      readonly caller?: NodeId;
      readonly address: string;
    };

/** Largest frame after verification. Larger things are sent in pieces. */
export const frameBytesMax = 4 * 1024 * 1024;

/** Largest frame before verification (design §6). */
export const unverifiedFrameBytesMax = 512;

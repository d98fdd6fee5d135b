import type { NodeId, RequestId } from "../base/identity.ts";
import type { Instant } from "../base/time.ts";
import type { Actor } from "./types.ts";

/** What is known of whom a lost change was told: its maker, nobody, or one cannot say. */
export type SetAsideMark = "acknowledged" | "not acknowledged" | "unknown";

/** A person's word on one lost change. */
export interface Judgement {
  readonly verdict: "re-applied" | "already so" | "rejected";
  readonly by: string;
  readonly at: Instant;
  readonly reason: string;
}

/**
 * HS9: one change that a server held beyond the fork, kept until somebody judged it and after. The
 * change is as it was journalled there; secrets in it are sealed with the system key.
 */
export interface SetAsideRow {
  /** See `setAsideId`: equal for the same change, whoever brings it and however often. */
  readonly id: string;
  /** Server that wrote the change, and its place in the history that was left. */
  readonly node: NodeId;
  readonly term: number;
  readonly seq: number;
  /** A change too large for one entry comes in parts, counted from 0. */
  readonly part: number;
  readonly at: Instant;
  readonly actor: Actor;
  /** Kind of the command. */
  readonly kind: string;
  readonly requestId: RequestId;
  readonly mark: SetAsideMark;
  /** Canonical JSON of its facts. */
  readonly facts: string;
  /** When the last change was made that both histories share; 0 where nobody knows. */
  readonly forkedAt: Instant;
  /** Server that set it aside, and when. */
  readonly by: NodeId;
  readonly setAsideAt: Instant;
  readonly judged: Judgement | null;
}

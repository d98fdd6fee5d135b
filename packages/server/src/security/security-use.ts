import type { Refusal } from "@gridward/core/domain/refusal";
import type { Actor } from "@gridward/core/domain/types";

/** Something that became of the security settings, for the security events. */
export interface SecurityUse {
  /** Null: the server did it by itself. */
  readonly actor: Actor | null;
  /** What was before and is after, in words. */
  readonly change: string;
  readonly refusal: Refusal | null;
}

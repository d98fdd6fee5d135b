import type { Refusal } from "@gridward/core/domain/refusal";

/** An order over the local socket: it passes by all roles, so each is an event (design §10). */
export interface LocalUse {
  readonly path: string;
  /** Name of the operating system's user who owns the data directory. */
  readonly user: string;
  readonly refusal: Refusal | null;
}

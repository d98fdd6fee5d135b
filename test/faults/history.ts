/** What clients asked and heard, in the order of one monotonic clock (milliseconds). */

interface Asked {
  readonly client: number;
  readonly account: string;
  readonly invokedAt: number;
  /** When the certain answer came; null where none ever came. */
  readonly endedAt: number | null;
}

/** A change: the name for display, which is another one in every change there is. */
export interface Write extends Asked {
  readonly kind: "write";
  readonly value: string;
  readonly requestId: string;
  /** `failed`: every server that was asked said for certain that it did nothing. */
  readonly outcome: "done" | "failed" | "unknown";
  /** Its number in the journal, as it was answered. */
  readonly sequence: number | null;
  /** The code of the refusal when it failed. */
  readonly refusal: string | null;
}

/** A look that was answered. One without an answer tells nothing and is not kept. */
export interface Read extends Asked {
  readonly kind: "read";
  readonly endedAt: number;
  readonly value: string;
  readonly server: string;
  /** Did whoever answered say that it is Main? A Standby may be behind. */
  readonly isMain: boolean;
}

export type Operation = Write | Read;

/** An entry as it stands on a disk. */
export interface DiskEntry {
  readonly sequence: number;
  readonly term: number;
  readonly start: number;
  /** Server that wrote it. */
  readonly node: string;
  readonly hash: string;
  readonly prev: string;
  /** Wall clock of its writer, in milliseconds. */
  readonly at: number;
  readonly kind: string;
  readonly requestId: string;
  /** Names for display that it gives. */
  readonly values: readonly string[];
}

/** What one server ended up with. */
export interface Outcome {
  readonly server: string;
  /** Oldest first. A server that made a first pass has not the oldest ones. */
  readonly entries: readonly DiskEntry[];
  readonly position: { readonly sequence: number; readonly hash: string; readonly digest: string };
}

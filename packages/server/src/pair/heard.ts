import { z } from "zod";
import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import type { VerifiedPeer } from "@gridward/runtime/link/peer";

/** Says that from here on its sender sends on this connection, and on none that it said so before. */
export interface Turn {
  readonly kind: "turn";
  /** One start of the sender's program. */
  readonly run: string;
  /** Rises with each connection that a run of the program sends on. */
  readonly turn: number;
}

const turnShape = z.strictObject({
  kind: z.literal("turn"),
  run: z.string().min(1).max(64),
  turn: z.int().positive(),
});

export function encodeTurn(run: string, turn: number): Bytes {
  return utf8(JSON.stringify({ kind: "turn", run, turn } satisfies Turn));
}

export function isTurn(json: unknown): boolean {
  return typeof json === "object" && json !== null && "kind" in json && json.kind === "turn";
}

interface Place {
  readonly run: string;
  readonly turn: number;
  /** Which we were told of earlier: runs have no other order. */
  readonly told: number;
}

/**
 * Which of its connections a partner sends on. It leaves one for good when it sends on another;
 * what the first still brings, which a network or a busy server may hold back, was said before
 * what was heard since. The order in which connections are read says nothing of it, so the
 * partner counts them.
 */
export class Heard {
  readonly #places = new WeakMap<VerifiedPeer, Place>();
  #now: { readonly link: VerifiedPeer; readonly place: Place } | undefined;
  #told = 0;

  /** What is wrong with it, or null. */
  noteTurn(link: VerifiedPeer, json: unknown): string | null {
    const { success, data } = turnShape.safeParse(json);
    if (!success || this.#places.has(link)) return "bad turn";
    this.#places.set(link, { run: data.run, turn: data.turn, told: ++this.#told });
    return null;
  }

  /** Why a message over this connection is not heard, or null. Ends the one that it follows. */
  hear(link: VerifiedPeer): string | null {
    if (this.#now?.link === link) return null;
    const place = this.#places.get(link);
    if (place === undefined) return "a message before its turn";
    if (this.#now !== undefined && isBefore(place, this.#now.place)) return left;
    this.#now?.link.close(left);
    this.#now = { link, place };
    return null;
  }
}

const left = "the partner sends on another connection";

function isBefore(one: Place, other: Place): boolean {
  return one.run === other.run ? one.turn < other.turn : one.told < other.told;
}

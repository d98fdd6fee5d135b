import type { TrustAnchors } from "../trust-anchors.ts";
import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import { listsMax } from "@gridward/core/codec/replica/limits";
import { readCrl, type ReadList } from "@gridward/runtime/trust/x509/read-crl";

/** A revocation list as it is kept: by the authority that signed it. */
export interface KeptList {
  readonly authority: string;
  /** DER in base64. */
  readonly encoded: string;
}

/** Highest number of each authority's lists ever seen, apart from the lists. */
export type SeenLists = Readonly<Record<string, number>>;

export interface HeldListsParts {
  readonly anchors: Pick<TrustAnchors, "all">;
  readonly kept: readonly KeptList[];
  readonly seen: () => SeenLists;
  readonly write: (lists: readonly KeptList[], seen: SeenLists) => void;
}

/** What a device may say of the lists by which it judges servers. */
export interface ListStatus {
  readonly state: "current" | "stale" | "none";
  readonly number: number | null;
  readonly thisUpdate: Instant | null;
  readonly nextUpdate: Instant | null;
}

interface Held extends KeptList {
  readonly list: ReadList;
  readonly number: number;
}

/**
 * The revocation lists that came with the replica (PK5): on an island the device knows by them
 * whom to refuse. Each is signed by the authority, so it matters not which server brought it.
 */
export class HeldLists {
  readonly #parts: HeldListsParts;
  #held: ReadonlyMap<string, Held>;

  constructor(parts: HeldListsParts) {
    this.#parts = parts;
    const read = parts.kept.flatMap((kept) => {
      const one = this.#read(kept);
      // A file that was put back to an older list is none: the next server brings the newer one.
      return one.ok && one.value.number >= this.#seenOf(kept.authority) ? [one.value] : [];
    });
    this.#held = new Map(read.map((one) => [one.authority, one]));
  }

  get lists(): readonly ReadList[] {
    return [...this.#held.values()].map(({ list }) => list);
  }

  /** What a server compares with its own. */
  numbers(): readonly { readonly authority: string; readonly number: number }[] {
    return [...this.#held.values()].map(({ authority, number }) => ({ authority, number }));
  }

  /** Durable when it returns; an older list than one that was seen is never taken. */
  take(authority: string, der: Bytes): Result<"new" | "same", string> {
    const read = this.#read({ authority, encoded: Buffer.from(der).toString("base64") });
    if (!read.ok) return read;
    const { number } = read.value;
    if (number < this.#seenOf(authority)) return err("an older list than one that was seen");
    if (number === this.#held.get(authority)?.number) return ok("same");
    // While an authority changes there are two; of one that is trusted no more the list goes.
    const others = [...this.#held.values()].filter(
      (one) => one.authority !== authority && this.#isSigned(one.list),
    );
    const held = [...others.slice(1 - listsMax), read.value];
    this.#held = new Map(held.map((one) => [one.authority, one]));
    const kept = [...this.#held.values()].map((one) => {
      return { authority: one.authority, encoded: one.encoded };
    });
    this.#parts.write(kept, { ...this.#parts.seen(), [authority]: number });
    return ok("new");
  }

  /** Of the list that lasts longest; a list that begins later is not current either. */
  status(at: Instant): ListStatus {
    const [newest] = [...this.#held.values()].toSorted(
      (one, other) => (other.list.nextUpdate ?? 0) - (one.list.nextUpdate ?? 0),
    );
    if (newest === undefined) {
      return { state: "none", number: null, thisUpdate: null, nextUpdate: null };
    }
    const { thisUpdate, nextUpdate } = newest.list;
    const isCurrent = thisUpdate <= at && at <= (nextUpdate ?? 0);
    const state = isCurrent ? "current" : "stale";
    return { state, number: newest.number, thisUpdate, nextUpdate };
  }

  #read(kept: KeptList): Result<Held, string> {
    const list = readCrl(Buffer.from(kept.encoded, "base64"));
    if (!list.ok) return list;
    if (!this.#isSigned(list.value)) {
      return err("a list that the authority of this system did not sign");
    }
    const number = Number(list.value.number ?? -1);
    if (!Number.isSafeInteger(number) || number < 0) return err("a list without a number of ours");
    return ok({ ...kept, list: list.value, number });
  }

  #isSigned(list: ReadList): boolean {
    return this.#parts.anchors.all.some((anchor) => list.isSignedBy(anchor));
  }

  #seenOf(authority: string): number {
    return this.#parts.seen()[authority] ?? 0;
  }
}

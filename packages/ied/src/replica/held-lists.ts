import type { TrustAnchors } from "../trust-anchors.ts";
import type { Bytes } from "@gridward/core/base/bytes";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import { listsMax } from "@gridward/core/codec/replica/limits";
import { keyFingerprintOf } from "@gridward/runtime/trust/x509/read";
import { readCrl, type ReadList } from "@gridward/runtime/trust/x509/read-crl";

/** A revocation list as it is kept. */
export interface KeptList {
  /** DER in base64. */
  readonly encoded: string;
}

/** Highest number of each authority's lists ever seen, by its public key, apart from the lists. */
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
  /** SHA-256 of the public key of the anchor that signed it, whatever its bringer says. */
  readonly authority: string;
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
      return one.ok && one.value.number >= this.#seenOf(one.value.authority) ? [one.value] : [];
    });
    this.#held = new Map(read.map((one) => [one.authority, one]));
  }

  get lists(): readonly ReadList[] {
    return this.#believed().map(({ list }) => list);
  }

  /** What a server compares with its own. */
  numbers(): readonly { readonly authority: string; readonly number: number }[] {
    return this.#believed().map(({ authority, number }) => ({ authority, number }));
  }

  /** Durable when it returns; an older list than one that was seen is never taken. */
  take(der: Bytes): Result<"new" | "same", string> {
    const read = this.#read({ encoded: Buffer.from(der).toString("base64") });
    if (!read.ok) return read;
    const { authority, number } = read.value;
    if (number < this.#seenOf(authority)) return err("an older list than one that was seen");
    if (number === this.#held.get(authority)?.number) return ok("same");
    this.#held = new Map(this.#held).set(authority, read.value);
    const believed = this.#believed();
    this.#held = new Map(believed.map((one) => [one.authority, one]));
    if (!this.#held.has(authority)) return ok("same");
    const kept = believed.map(({ encoded }) => ({ encoded }));
    const seen = [...this.#anchors()].map((one) => [one, this.#seenOf(one)] as const);
    this.#parts.write(kept, { ...Object.fromEntries(seen), [authority]: number });
    return ok("new");
  }

  /** Of the list that lasts longest; a list that begins later is not current either. */
  status(at: Instant): ListStatus {
    const [newest] = this.#believed().toSorted(
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

  /** One of each anchor of now: of an authority that is trusted no more the list goes. */
  #believed(): readonly Held[] {
    const held = [...this.#anchors()].flatMap((one) => this.#held.get(one) ?? []);
    return held.slice(0, listsMax);
  }

  #anchors(): ReadonlySet<string> {
    return new Set(this.#parts.anchors.all.map((anchor) => keyFingerprintOf(anchor)));
  }

  #read(kept: KeptList): Result<Held, string> {
    const list = readCrl(Buffer.from(kept.encoded, "base64"));
    if (!list.ok) return list;
    const anchor = this.#parts.anchors.all.find((one) => list.value.isSignedBy(one));
    if (anchor === undefined) return err("a list that the authority of this system did not sign");
    const number = Number(list.value.number ?? -1);
    if (!Number.isSafeInteger(number) || number < 0) return err("a list without a number of ours");
    return ok({ ...kept, authority: keyFingerprintOf(anchor), list: list.value, number });
  }

  #seenOf(authority: string): number {
    return this.#parts.seen()[authority] ?? 0;
  }
}

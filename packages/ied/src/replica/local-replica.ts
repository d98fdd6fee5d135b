import type { TrustAnchors } from "../trust-anchors.ts";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant, Millis } from "@gridward/core/base/time";
import {
  setDigest,
  type Manifest,
  type Signed,
  type Statement,
} from "@gridward/core/codec/replica/manifest";
import type { ReplicaRecord, VerifierEntry } from "@gridward/core/codec/replica/record";
import type { ReplicaSet } from "@gridward/core/codec/replica/replica-codec";
import type { Clock } from "@gridward/runtime/os/clock";
import { sha256 } from "@gridward/runtime/os/hash";
import { checkSigned } from "@gridward/runtime/replica/signature";
import {
  ageAt,
  recordAge,
  renewAge,
  resumeAge,
  timeAt,
  type AgeAnchor,
} from "@gridward/core/domain/age";
import { HeldLists } from "./held-lists.ts";
import { judgeOrder, type SeenPosition } from "./order.ts";
import type { DeviceKey, ReplicaStore, SeenRecord, Slot, SlotName } from "./store.ts";

/** Why no one can be signed in from the replica now, or that one can. */
export type ReplicaUse = "good" | "off" | "none" | "damaged" | "too old" | "revoked";

export interface ReplicaParts {
  readonly store: ReplicaStore;
  readonly anchors: Pick<TrustAnchors, "all">;
  readonly systemId: string;
  readonly group: string;
  readonly clock: Clock;
}

/** An account of the replica with what proves it; no verifier, no sign-in. */
export interface Member {
  readonly record: ReplicaRecord;
  readonly verifier: VerifierEntry | undefined;
}

interface Held {
  readonly slot: SlotName;
  readonly set: ReplicaSet;
  readonly byName: ReadonlyMap<string, Member>;
}

/** The local replica of one device: what it holds, how old that is, and what it has ever seen. */
export class LocalReplica {
  /** By which servers are judged; they stay when the replica goes. */
  readonly lists: HeldLists;
  readonly #parts: ReplicaParts;
  #seen: SeenRecord;
  #anchor: AgeAnchor;
  #held: Held | null = null;
  #deviceKey: DeviceKey | undefined;
  /** Slots were there and none could be used: the next server that answers heals it. */
  #isDamaged = false;
  readonly #listeners: (() => void)[] = [];

  constructor(parts: ReplicaParts) {
    const { store, clock } = parts;
    this.#parts = parts;
    const slots = store.slots();
    const seen = store.seen();
    this.#seen = seen.ok ? seen.value : blankSeen(clock.now());
    this.#anchor = resumeAge(this.#seen.age, clock.now(), clock.monotonic());
    this.lists = new HeldLists({
      anchors: parts.anchors,
      kept: store.lists(),
      seen: () => this.#seen.lists,
      write: (kept, numbers) => {
        // What was seen first: a list that was not written comes again.
        this.#write({ ...this.#seen, lists: numbers });
        store.writeLists(kept);
      },
    });
    this.#deviceKey = store.deviceKey();
    const isLost = !seen.ok && (seen.error === "damaged" || slots.length > 0);
    const usable = isLost ? [] : slots.filter((slot) => this.#isUsable(slot));
    const newest = usable.toSorted(newestFirst)[0];
    if (newest !== undefined && !this.#seen.replication.off) this.#hold(newest);
    const expectsOne = this.#seen.position !== null && !this.#seen.replication.off;
    this.#isDamaged = isLost || (expectsOne && this.#held === null);
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Time that never goes back (DV15). */
  time(): Instant {
    const { clock } = this.#parts;
    return timeAt(this.#anchor, clock.now(), clock.monotonic());
  }

  age(): Millis {
    return ageAt(this.#anchor, this.#parts.clock.monotonic());
  }

  use(): ReplicaUse {
    if (this.#seen.revoked) return "revoked";
    if (this.#seen.replication.off) return "off";
    const policy = this.#seen.manifest?.body.policy;
    if (this.#held === null || policy === undefined || this.#deviceKey === undefined) {
      return this.#isDamaged ? "damaged" : "none";
    }
    return this.age() >= policy.hardAge ? "too old" : "good";
  }

  isPastSoftAge(): boolean {
    const policy = this.#seen.manifest?.body.policy;
    return policy !== undefined && this.age() >= policy.softAge;
  }

  find(name: string): Member | undefined {
    return this.#held?.byName.get(name);
  }

  members(): Iterable<Member> {
    return this.#held?.byName.values() ?? [];
  }

  /** What a server compares with its own; null asks for the whole set. */
  holding(): SeenPosition | null {
    const { position } = this.#seen;
    return this.#held === null || this.#deviceKey === undefined ? null : position;
  }

  get seen(): SeenRecord {
    return this.#seen;
  }

  get deviceKey(): DeviceKey | undefined {
    return this.#deviceKey;
  }

  /** May a set or a statement of this place be believed at all? */
  judge(manifest: Manifest, statement: Statement): Result<"take" | "same", string> {
    const { revision, off } = this.#seen.replication;
    const ordered = statement.replicationRevision;
    if (ordered < revision || (off && ordered === revision)) {
      return err("an order about replication older than the one obeyed");
    }
    const verdict = judgeOrder(this.#seen.position, positionOf(manifest));
    return verdict === "take" || verdict === "same" ? ok(verdict) : err(verdict);
  }

  /** A live server names the set that we hold as the one that stands. */
  confirm(manifest: Signed<Manifest>, statement: Statement): Result<void, string> {
    const judged = this.judge(manifest.body, statement);
    if (!judged.ok) return judged;
    if (this.#held?.set.manifest.body.setDigest !== manifest.body.setDigest) {
      return err("another set than the one held");
    }
    this.#remember(manifest, statement);
    return ok(undefined);
  }

  /** Takes a whole set: verified, written beside the old one, and only then in use. */
  take(set: ReplicaSet, statement: Statement, key: DeviceKey): Result<void, string> {
    const judged = this.judge(set.manifest.body, statement);
    if (!judged.ok) return judged;
    const fault = checkSet(set);
    if (fault !== undefined) return err(fault);
    const slot = this.#held?.slot === "a" ? "b" : "a";
    this.#parts.store.writeSlot(slot, set);
    if (key.version !== this.#deviceKey?.version) this.#parts.store.writeDeviceKey(key);
    this.#deviceKey = key;
    this.#remember(set.manifest, statement);
    this.#hold({ name: slot, set });
    this.#isDamaged = false;
    this.#tell();
    return ok(undefined);
  }

  /** DV3: nothing is kept, and no older order brings it back. */
  erase(revision: number): Result<void, string> {
    if (revision < this.#seen.replication.revision) return err("an older order");
    this.#write({ ...this.#seen, replication: { revision, off: true } });
    this.#drop();
    return ok(undefined);
  }

  /** A verified server says that this device is lost: final. */
  revoke(): void {
    this.#write({ ...this.#seen, revoked: true });
    this.#drop();
  }

  /** To be called hourly and at the end, so that a restart does not make the replica young. */
  saveAge(): void {
    const { store, clock } = this.#parts;
    this.#seen = { ...this.#seen, age: recordAge(this.#anchor, clock.now(), clock.monotonic()) };
    if (this.#seen.position !== null) store.writeSeen(this.#seen);
  }

  #remember(manifest: Signed<Manifest>, statement: Statement): void {
    const { clock } = this.#parts;
    // Only a server that hears its Main knows that the set is current: others renew nothing.
    if (statement.fresh) this.#anchor = renewAge(statement.at, clock.monotonic());
    this.#write({
      ...this.#seen,
      position: positionOf(manifest.body),
      manifest,
      lastSuccess: statement.fresh ? statement.at : this.#seen.lastSuccess,
      replication: { revision: statement.replicationRevision, off: false },
      revoked: false,
    });
  }

  #write(seen: SeenRecord): void {
    const { clock, store } = this.#parts;
    this.#seen = { ...seen, age: recordAge(this.#anchor, clock.now(), clock.monotonic()) };
    store.writeSeen(this.#seen);
  }

  #drop(): void {
    this.#parts.store.erase();
    this.#held = null;
    this.#deviceKey = undefined;
    this.#tell();
  }

  #hold({ name, set }: Slot): void {
    const verifiers = new Map(set.verifiers.map((entry) => [entry.id, entry]));
    const byName = new Map<string, Member>();
    for (const record of set.records) {
      const verifier = verifiers.get(record.id);
      const isMatching = verifier?.credentialVersion === record.credentialVersion;
      byName.set(record.name, { record, verifier: isMatching ? verifier : undefined });
    }
    this.#held = { slot: name, set, byName };
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** A slot may be used if it is whole, signed, ours, and not behind what was seen. */
  #isUsable({ set }: Slot): boolean {
    const { anchors, systemId, group } = this.#parts;
    const manifest = set.manifest.body;
    if (manifest.systemId !== systemId || manifest.group !== group) return false;
    if (checkSet(set) !== undefined) return false;
    // Dates are not judged: what was good when it was taken does not end with its signer.
    if (!checkSigned(anchors.all, "manifest", set.manifest, null).ok) return false;
    const { position } = this.#seen;
    if (position?.setDigest === manifest.setDigest) return true;
    return position !== null && judgeOrder(position, positionOf(manifest)) === "take";
  }
}

function checkSet({ manifest, records }: ReplicaSet): string | undefined {
  if (records.length !== manifest.body.count) return "another number of accounts than signed";
  if (new Set(records.map(({ id }) => id)).size !== records.length) return "an account twice";
  if (setDigest(sha256, records) !== manifest.body.setDigest) return "other accounts than signed";
  return undefined;
}

function positionOf({ term, owner, rev, setDigest: digest }: Manifest): SeenPosition {
  return { term, owner, rev, setDigest: digest };
}

function newestFirst(left: Slot, right: Slot): number {
  const a = left.set.manifest.body;
  const b = right.set.manifest.body;
  return b.term - a.term || b.rev - a.rev;
}

function blankSeen(now: Instant): SeenRecord {
  return {
    version: 1,
    position: null,
    manifest: null,
    age: { age: 0, latest: now },
    lastSuccess: null,
    replication: { revision: 0, off: false },
    lists: {},
    revoked: false,
  };
}

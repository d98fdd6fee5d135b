import type { NodeId, SystemId } from "@gridward/core/base/identity";
import type { AgeMark } from "@gridward/core/domain/age";
import { assert } from "@gridward/core/base/result";
import { blankControl, type ControlRecord } from "@gridward/core/domain/control-record";
import { type Entry, origin, type Position } from "@gridward/core/domain/entry";
import type { DirectoryState } from "@gridward/core/domain/state";
import { bendEntries, withoutFirstPolicy } from "./damage.ts";
import type { Random } from "./random.ts";
import { DiskFull, type Journal, type OpenedJournal } from "@gridward/runtime/journal/journal";
import { memoryJournalStore } from "@gridward/runtime/journal/memory-journal";

/** A power cut between two writes. */
export class Crash extends Error {
  override readonly name = "Crash";
}

/** More than any run writes. */
const everything = 1_000_000;

/** Who is told of everything that becomes durable. */
export interface DiskWatch {
  onControl(disk: SimDisk, before: ControlRecord, after: ControlRecord): void;
  onAppended(disk: SimDisk, entries: readonly Entry[]): void;
  onTruncate(disk: SimDisk, after: number): void;
}

type Shown = Pick<Position, "seq" | "hash">;

/** What of a server survives a crash, with the faults of a disk. */
export class SimDisk {
  readonly id: NodeId;
  control: ControlRecord;
  store = memoryJournalStore();
  /** The journal of the current generation, readable also while no process runs. */
  journal: Journal | undefined;
  /** Requests whose entries are in it. */
  requests = new Set<string>();
  tails: (readonly Entry[])[] = [];
  /** What a person kept of this disk before setting the server up anew. */
  readonly lost: (readonly Entry[])[] = [];
  /** Requests that were in what is lost, also those of which no entry was kept. */
  readonly #lostRequests = new Set<string>();
  /** Of those, what nobody put anything in the place of: the whole disk was lost. */
  readonly #wipedRequests = new Set<string>();
  /** Acts until the power fails; undefined: it does not. */
  fuse: number | undefined;
  isFull = false;
  /** Its journal cannot be read any more. */
  isBroken = false;
  /** Its journal is not what was written; found out when it is opened. */
  isBent = false;
  /** The newer slot of the control record is gone. */
  isDoubtful = false;
  /** Goes with every control record that is written. */
  age: AgeMark | null = null;
  carryAge: () => AgeMark | null = () => null;
  #olderAge: AgeMark | null = null;
  /** What the slots said that were lost, oldest first. */
  readonly #lostSlots: { readonly said: ControlRecord; readonly shown: Shown }[] = [];
  /** How far it made changes visible as Main. */
  #shown: Shown = origin;
  /** What the older slot holds. */
  #older: ControlRecord;
  /** How deep in work of its process: only there the power fails. */
  depth = 0;
  /** True while the power is off: a promise may have swallowed the crash. */
  isOff = false;
  readonly #watcher: DiskWatch;

  constructor(id: NodeId, systemId: SystemId, watcher: DiskWatch) {
    this.id = id;
    this.#watcher = watcher;
    this.control = blankControl(id, systemId);
    this.#older = this.control;
  }

  /** Bits of the journal, or of its snapshot, turn while nobody reads it. What was there is known from outside. */
  bend(random: Random): void {
    const { incarnation } = this.control;
    const entries = this.entries();
    const hasSnapshot = this.journal !== undefined && this.journal.first() > 1;
    if (this.journal?.incarnation !== incarnation) return; // Named, and not taken up yet.
    if (incarnation === null || (entries.length === 0 && !hasSnapshot)) return;
    this.#noteLost();
    if (hasSnapshot && (entries.length === 0 || random.chance(0.5))) {
      this.store.bendSnapshot(incarnation, withoutFirstPolicy);
    } else this.store.bend(incarnation, (each) => bendEntries(each, random));
    this.isBent = true;
  }

  /** Is there a database that the control record names? */
  get isWhole(): boolean {
    const { incarnation, highest } = this.control;
    const isBad = this.isBroken || this.isBent || this.isMisnamed;
    return incarnation !== null && !isBad && highest.seq <= this.head().seq;
  }

  /** Did it lose a slot once? */
  get wasDoubtful(): boolean {
    return this.#lostSlots.length > 0;
  }

  /** A slot that was lost named another generation than the one before it, which is there no more. */
  get isMisnamed(): boolean {
    return this.wasDoubtful && this.journal?.incarnation !== this.control.incarnation;
  }

  /** Would the older slot take the database that is here for its own, too? */
  get isNamedTwice(): boolean {
    const { incarnation, highest } = this.#older;
    return incarnation === this.control.incarnation && highest.seq <= this.head().seq;
  }

  /** The slot that was written last cannot be read: what counts is the one before. */
  loseSlot(): void {
    if (!this.isDoubtful) {
      this.#lostSlots.push({ said: this.control, shown: this.#shown });
    }
    this.control = this.#older;
    this.age = this.#olderAge;
    this.isDoubtful = true;
  }

  /** Everything is lost but the server's name and whose it is. */
  wipe(): void {
    const { systemId } = this.control;
    this.#noteLost();
    for (const request of this.requests) this.#wipedRequests.add(request);
    this.journal = undefined;
    this.isBroken = false;
    this.isBent = false;
    this.requests = new Set();
    this.store = memoryJournalStore();
    this.control = blankControl(this.id, systemId);
    this.#older = this.control;
    this.age = null;
    this.#olderAge = null;
  }

  /** A restore, while no process runs: what was here is put aside; the older slot stays. */
  replace(journal: Journal, state: DirectoryState, control: ControlRecord): void {
    this.#noteLost();
    this.store.keepOnly(journal.incarnation);
    this.journal = journal;
    this.requests = new Set(state.requestsById.keys());
    this.isBroken = false;
    this.isBent = false;
    this.isDoubtful = false;
    this.#older = this.control;
    this.#olderAge = this.age;
    this.control = control;
  }

  #noteLost(): void {
    this.lost.push(this.entries());
    for (const request of this.requests) this.#lostRequests.add(request);
  }

  entries(): readonly Entry[] {
    return this.journal?.read(this.journal.first(), everything) ?? [];
  }

  hashAt(seq: number): string | undefined {
    return seq === 0 ? origin.hash : this.journal?.hashAt(seq);
  }

  /** Also what lies under the snapshot of a first pass, of which no entry is kept. */
  holds(seq: number, hash: string): boolean {
    const { journal } = this;
    return this.hashAt(seq) === hash || (journal !== undefined && seq < journal.first() - 1);
  }

  /** Was it there before its journal was bent, replaced by a person, or set aside? */
  hasLost(seq: number, hash: string): boolean {
    return [...this.lost, ...this.tails].some((before) =>
      before.some((entry) => entry.seq === seq && entry.hash === hash),
    );
  }

  /** As {@link hasLost}, also where only its answer was kept, under a snapshot. */
  hadOnce(request: string | undefined, seq: number, hash: string): boolean {
    const wasKnown = request !== undefined && this.#lostRequests.has(request);
    return wasKnown || this.hasLost(seq, hash);
  }

  /** Was it there before the whole disk was lost? */
  hadBeforeWipe(request: string): boolean {
    return this.#wipedRequests.has(request);
  }

  /** As Main it made visible what is there up to this one. */
  noteShown(seq: number, hash: string): void {
    if (seq > this.#shown.seq || !this.#isHere(this.#shown)) this.#shown = { seq, hash };
  }

  /** A backup may have been put in the place of the history that it is of. */
  #isHere({ seq, hash }: Shown): boolean {
    return this.hashAt(seq) === hash;
  }

  /** By which record a change counts: one seen before a slot was lost, by what that said (R17). */
  countedFor(seq: number): ControlRecord {
    let { control } = this;
    for (const { said, shown } of this.#lostSlots.toReversed()) {
      const isNewest = this.isDoubtful && control === this.control;
      if (!isNewest && (seq > shown.seq || !this.#isHere(shown))) break;
      // In a term between, another was Main; what was seen before counts for whoever showed it.
      const isSameTerm = control.term === said.term;
      control = isNewest || isSameTerm ? said : { ...control, ackSet: [this.id] };
    }
    return control;
  }

  /** Undefined also under the snapshot of a first pass. */
  entryAt(seq: number): Entry | undefined {
    const [entry] = this.journal?.read(seq, 1) ?? [];
    return entry?.seq === seq ? entry : undefined;
  }

  head(): Position {
    return this.journal?.head() ?? origin;
  }

  /** Something durable or heard outside is about to happen, or just happened. */
  act(): void {
    if (this.depth === 0) return;
    if (this.isOff) throw new Crash("power");
    if (this.fuse === undefined) return;
    this.fuse--;
    if (this.fuse > 0) return;
    this.isOff = true;
    throw new Crash("power");
  }

  writeControl(control: ControlRecord): void {
    this.act();
    this.#watcher.onControl(this, this.control, control);
    this.#older = this.control;
    this.#olderAge = this.age;
    this.control = control;
    this.age = this.carryAge();
    this.isDoubtful = false;
    this.act();
  }

  exportTail(entries: readonly Entry[]): void {
    this.act();
    this.tails.push(entries);
    this.act();
  }

  reopen(incarnation: string): OpenedJournal {
    const opened = this.store.open(incarnation);
    assert(opened.ok, "a journal that was cut opens");
    return this.adopt(opened.value);
  }

  /** From now on this journal is the current one; it is given back with the faults of the disk. */
  adopt(opened: OpenedJournal): OpenedJournal {
    this.journal = opened.journal;
    this.requests = new Set(opened.state.requestsById.keys());
    return { ...opened, journal: this.#faulty(opened.journal) };
  }

  #faulty(journal: Journal): Journal {
    return {
      incarnation: journal.incarnation,
      head: () => journal.head(),
      first: () => journal.first(),
      append: (entries, committed) => {
        this.act();
        if (this.isFull) throw new DiskFull("simulated");
        journal.append(entries, committed);
        for (const entry of entries) this.requests.add(entry.requestId);
        this.#watcher.onAppended(this, entries);
        this.act();
      },
      noteCommitted: (seq) => journal.noteCommitted(seq),
      read: (seq, limit) => journal.read(seq, limit),
      hashAt: (seq) => journal.hashAt(seq),
      terms: () => journal.terms(),
      truncate: (seq) => {
        this.act();
        this.#watcher.onTruncate(this, seq);
        journal.truncate(seq);
        this.act();
      },
      saveSnapshot: (state, position, digest) => journal.saveSnapshot(state, position, digest),
      close: () => journal.close(),
    };
  }
}

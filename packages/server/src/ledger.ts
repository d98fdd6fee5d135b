import type { Sha256 } from "@gridward/core/base/digest";
import type { NodeId } from "@gridward/core/base/identity";
import { assert } from "@gridward/core/base/result";
import { advance } from "@gridward/core/domain/apply";
import { digestAfter } from "@gridward/core/domain/digest";
import { type EntryPlace, sealEntry } from "@gridward/core/domain/entry-hash";
import { type Entry, type EntryContent, origin, type Position } from "@gridward/core/domain/entry";
import type { HistoryView } from "@gridward/core/domain/pair/pair-state";
import { type DirectoryState, emptyState } from "@gridward/core/domain/state";
import type { ServerKind } from "@gridward/core/domain/types";
import { DiskFull, type Journal, type OpenedJournal } from "@gridward/runtime/journal/journal";
import { type DatabaseCopy, termsMost } from "./database-copy.ts";

interface Version {
  readonly position: Position;
  readonly state: DirectoryState;
  readonly digest: string;
}

/** Our state is not the Main's although the journals agree: this database is invalid (HS11). */
export class StateMismatch extends Error {
  override readonly name = "StateMismatch";
}

/**
 * The journal with its states: `prepared` is durable here and nobody may see it yet; `committed`
 * is durable on every member of the ack set, and is what all front ends read (rule I10).
 */
export class Ledger {
  #journal: Journal;
  #committed: Version;
  /** One version for each entry after the committed one, oldest first. */
  #prepared: Version[] = [];
  #stagedEntries: Entry[] = [];
  readonly #sha256: Sha256;
  #kinds = { of: emptyState.tables.servers, map: new Map<NodeId, ServerKind>() };

  constructor(opened: OpenedJournal, sha256: Sha256) {
    this.#sha256 = sha256;
    this.#journal = opened.journal;
    this.#committed = versionAt(opened);
    this.#reload(opened);
  }

  get incarnation(): string {
    return this.#journal.incarnation;
  }

  get head(): Position {
    return this.#last.position;
  }

  /** Sequence number up to which the journal is durable; `head` may be ahead while staging. */
  get durableSeq(): number {
    return this.head.seq - this.#stagedEntries.length;
  }

  get committed(): Position {
    return this.#committed.position;
  }

  /** What front ends see. */
  get state(): DirectoryState {
    return this.#committed.state;
  }

  get committedDigest(): string {
    return this.#committed.digest;
  }

  /** What is committed, for a copy elsewhere. */
  get copy(): DatabaseCopy {
    const { state, committed: position, committedDigest: digest } = this;
    const earlier = this.#journal.terms().filter(({ term }) => term < position.term);
    return { state, position, digest, earlier: earlier.slice(-termsMost) };
  }

  /** What the next command is judged against. */
  get prepared(): DirectoryState {
    return this.#last.state;
  }

  /** Digest of the prepared state. */
  get digest(): string {
    return this.#last.digest;
  }

  get history(): HistoryView {
    const journal = this.#journal;
    return {
      hashAt: (seq) => (seq === 0 ? origin.hash : journal.hashAt(seq)),
      placeAt: (seq) => placeOf(journal.read(seq, 1), seq),
      first: () => journal.first(),
      terms: () => journal.terms(),
      ownerOf: (term) => this.prepared.tables.terms.get(String(term))?.owner,
      digest: () => this.digest,
      kinds: () => this.#kindsNow(),
    };
  }

  /** Made anew only when a server has joined or gone. */
  #kindsNow(): ReadonlyMap<NodeId, ServerKind> {
    const { servers } = this.prepared.tables;
    if (servers !== this.#kinds.of) this.#kinds = { of: servers, map: kindsOf(servers) };
    return this.#kinds.map;
  }

  read(seq: number, limit: number): readonly Entry[] {
    return this.#journal.read(seq, limit);
  }

  /** As Main: makes a content the next entry of our term. Not durable before `flush`. */
  stage(content: EntryContent, place: Omit<EntryPlace, "previous">): Entry {
    const entry = sealEntry(content, { ...place, previous: this.head }, this.#sha256);
    this.#stagedEntries.push(entry);
    this.#prepared.push(this.#next(entry));
    return entry;
  }

  /** Makes what was staged durable in one transaction. Throws `DiskFull` and forgets it then. */
  flush(committed = this.#committed.position.seq): void {
    const entries = this.#stagedEntries;
    this.#stagedEntries = [];
    try {
      this.#journal.append(entries, committed);
    } catch (error) {
      this.#prepared = this.#prepared.slice(0, this.#prepared.length - entries.length);
      throw error;
    }
  }

  /** Durable when it returns. Throws `DiskFull` and changes nothing when there is no room. */
  append(entries: readonly Entry[]): void {
    const before = this.#prepared;
    this.#prepared = [...before];
    try {
      for (const entry of entries) this.#follow(entry);
      this.#journal.append(entries, this.#committed.position.seq);
    } catch (error) {
      this.#prepared = before;
      throw error;
    }
  }

  /** Everything up to `seq` may be seen from now on. */
  commit(seq: number): void {
    const index = this.#prepared.findLastIndex((version) => version.position.seq <= seq);
    const version = this.#prepared[index];
    if (version === undefined) return;
    this.#committed = version;
    this.#prepared = this.#prepared.slice(index + 1);
  }

  /** Tells the journal how far it is committed; cheap, for quiet moments. */
  noteCommitted(): void {
    this.#journal.noteCommitted(this.#committed.position.seq);
  }

  /** Takes an unacknowledged tail away; `reopened` is the journal after the cut. */
  truncate(after: Position, reopen: () => OpenedJournal): void {
    const { seq } = this.#committed.position;
    assert(after.seq >= seq, "a committed change is never cut");
    this.#journal.truncate(after.seq);
    this.#journal.close();
    this.replace(reopen());
    this.commit(seq);
  }

  /** Another generation takes the place of this one. */
  replace(opened: OpenedJournal): void {
    this.#journal = opened.journal;
    this.#committed = versionAt(opened);
    this.#reload(opened);
  }

  /**
   * Written only when nothing is under way, so that a snapshot never holds a prepared change. It
   * only makes the next start quick: where there is no room, the journal does without.
   */
  saveSnapshot(): void {
    if (this.#prepared.length > 0) return;
    const { state, position, digest } = this.#committed;
    try {
      this.#journal.saveSnapshot(state, position, digest);
    } catch (error) {
      if (!(error instanceof DiskFull)) throw error;
    }
  }

  close(): void {
    this.noteCommitted();
    this.#journal.close();
  }

  get #last(): Version {
    return this.#prepared.at(-1) ?? this.#committed;
  }

  /** An entry of the Main; where it carries a digest, our state must have that digest too. */
  #follow(entry: Entry): void {
    for (const fact of entry.facts) {
      if (fact.kind === "state-digested" && fact.digest !== this.digest) {
        throw new StateMismatch(`The state after change ${fact.seq} differs from the Main's.`);
      }
    }
    this.#prepared.push(this.#next(entry));
  }

  #next(entry: Entry): Version {
    const before = this.#last;
    const { state, changes } = advance(before.state, entry);
    const digest = digestAfter(before.digest, before.state, changes, this.#sha256);
    const { term, start, seq, hash } = entry;
    return { position: { term, start, seq, hash }, state, digest };
  }

  #reload(opened: OpenedJournal): void {
    this.#prepared = [];
    let seq = this.#committed.position.seq + 1;
    for (;;) {
      const entries = this.#journal.read(seq, 512);
      for (const entry of entries) this.#prepared.push(this.#next(entry));
      if (entries.length === 0) break; // Ends: the journal has no entry after its head.
      seq += entries.length;
    }
    assert(this.digest === opened.digest, "the replayed state is the state that was verified");
  }
}

/** What each server of the system is (HS14). */
export function kindsOf(servers: DirectoryState["tables"]["servers"]): Map<NodeId, ServerKind> {
  return new Map([...servers.values()].map(({ id, kind }) => [id, kind]));
}

/** The first entry read is a later one where that of `seq` is kept no longer. */
function placeOf([entry]: readonly Entry[], at: number): Position | undefined {
  if (entry?.seq !== at) return undefined;
  const { term, start, seq, hash } = entry;
  return { term, start, seq, hash };
}

function versionAt(opened: OpenedJournal): Version {
  return {
    position: opened.committed,
    state: opened.committedState,
    digest: opened.committedDigest,
  };
}

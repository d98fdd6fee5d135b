import type { NodeId } from "@gridward/core/base/identity";
import { assert, err, ok, type Result } from "@gridward/core/base/result";
import type { ArbiterRequest } from "@gridward/core/domain/arbiter";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import { emptyDigest } from "@gridward/core/domain/digest";
import { type EntryContent, origin, type Position } from "@gridward/core/domain/entry";
import type { Fact } from "@gridward/core/domain/fact";
import type { OrderEvent, PairAction, PairEvent, Tail } from "@gridward/core/domain/pair/event";
import { isOrderOpen } from "@gridward/core/domain/pair/orders";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import type { HistoryView, PairState } from "@gridward/core/domain/pair/pair-state";
import { step } from "@gridward/core/domain/pair/step";
import { heartbeatOf, isPermanent } from "@gridward/core/domain/pair/turn";
import type { Refusal } from "@gridward/core/domain/refusal";
import { type DirectoryState, emptyState } from "@gridward/core/domain/state";
import { DiskFull, type OpenedJournal } from "@gridward/runtime/journal/journal";
import type { DatabaseCopy } from "../database-copy.ts";
import { type Ledger, StateMismatch } from "../ledger.ts";
import { type Author, digestDue, ownEntry } from "./own-entry.ts";

/** What the conductor's orders are carried out with. */
export interface ConductorParts extends Author {
  readonly writeControl: (control: ControlRecord) => void;
  readonly openLedger: (opened: OpenedJournal) => Ledger;
  readonly reopen: (incarnation: string) => OpenedJournal;
  /** Removes every generation but this one. */
  readonly keepOnly: (incarnation: string) => void;
  /** Writes the tail to its files, fsyncs them and reads them back (R10). */
  readonly exportTail: (ledger: Ledger, tail: Tail) => void;
  readonly send: (to: NodeId, message: PairMessage) => void;
  /** Exactly one `arbiter-answered` follows, later: with the answer, or silent. */
  readonly askArbiter: (id: number, request: ArbiterRequest) => void;
  readonly sendFirstPass: (to: NodeId, source: DatabaseCopy) => Promise<void>;
  /** Called when changes became visible, after each commit. */
  readonly onCommitted: (seq: number) => void;
  /** Called when changes that were written may never be confirmed. */
  readonly onAbandoned: () => void;
  /** Runs it after what is under way, and what that answers. */
  readonly soon: (work: () => void) => void;
  /** Called after each event, when everything it asked for is done. */
  readonly onSettled: () => void;
}

type Order = (outcome: Result<undefined, Refusal>) => void;

const nobody: PairState["kinds"] = new Map();

/**
 * Carries out what the pair's rules decide. The rules are pure; this is the one place that gives
 * them events and does what they answer, strictly in order.
 */
export class Conductor {
  readonly #parts: ConductorParts;
  #pair: PairState;
  #ledger: Ledger | undefined;
  readonly #waitingEvents: PairEvent[] = [];
  #isBusy = false;
  #hasFailed = false;
  #order: Order | undefined;
  /** As Main: committed since the Standby was last told how far it may show. */
  #isUntold = false;
  /** The first pass that was begun last for each partner. */
  readonly #passes = new Map<NodeId, DatabaseCopy>();
  /** A verified generation that the rules have not yet made current. */
  #ready: OpenedJournal | undefined;

  constructor(parts: ConductorParts, pair: PairState, ledger: Ledger | undefined) {
    this.#parts = parts;
    this.#pair = pair;
    this.#ledger = ledger;
  }

  get pair(): PairState {
    return this.#pair;
  }

  get ledger(): Ledger | undefined {
    return this.#ledger;
  }

  /** The committed state; empty on a blank server. */
  get state(): DirectoryState {
    return this.#ledger?.state ?? emptyState;
  }

  /**
   * One event, and everything that follows from it, before this returns. After an error of the disk
   * nobody knows what was written: the next event, a tick at the latest, ends the process, even
   * where whoever fed this one took the error for its own.
   */
  feed(event: PairEvent): void {
    assert(!this.#hasFailed, "nothing goes on after a failure of the disk");
    this.#waitingEvents.push(event);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      this.#takeAll();
      this.#isBusy = false;
      this.#parts.onSettled();
      if (this.#isUntold) this.#parts.soon(() => this.#tellCommitted());
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  /** An operator's order and its outcome. One at a time. */
  async order(event: OrderEvent): Promise<Result<undefined, Refusal>> {
    if (this.#order) {
      return err({ code: "pair.busy", detail: "another order is under way" });
    }
    return new Promise<Result<undefined, Refusal>>((resolve) => {
      this.#order = resolve;
      this.feed(event);
    });
  }

  /** As Main: writes what was staged, and tells the rules how far the journal reaches now. */
  flush(): Result<undefined, Refusal> {
    const ledger = this.#mustLedger();
    const digest = digestDue(this.#parts, ledger);
    if (digest !== undefined) this.stage(digest);
    try {
      ledger.flush();
    } catch (error) {
      if (!(error instanceof DiskFull)) throw error;
      this.feed({ kind: "disk-full" });
      return err({ code: "disk.full", detail: "journal" });
    }
    this.feed({ kind: "appended", head: ledger.head });
    return ok(undefined);
  }

  stage(content: EntryContent): number {
    const { term, start } = this.#pair.control;
    return this.#mustLedger().stage(content, { node: this.#parts.self, term, start }).seq;
  }

  /** A first pass arrived whole and verified; it becomes current when the rules say so. */
  generationReady(opened: OpenedJournal, position: Position): void {
    this.#ready = opened;
    const { incarnation } = opened.journal;
    this.feed({ kind: "generation-ready", incarnation, position, digest: opened.digest });
    this.#ready?.journal.close();
    this.#ready = undefined;
  }

  /** A new system begins here: its first entry is durable before the control record names it. */
  found(opened: OpenedJournal, content: EntryContent, control: ControlRecord): void {
    const ledger = this.#parts.openLedger(opened);
    ledger.stage(content, { node: this.#parts.self, term: control.term, start: control.start });
    // Committed with it: a Main that knows of nothing committed has nothing to copy from it.
    ledger.flush(ledger.head.seq);
    ledger.commit(ledger.head.seq);
    this.#ledger = ledger;
    this.restart({ ...control, highest: ledger.head });
  }

  /** Takes up a control record made by system creation or joining. */
  restart(control: ControlRecord): void {
    this.#parts.writeControl(control);
    const head = this.#ledger?.head ?? origin;
    const isMain = control.owner === this.#parts.self;
    this.#pair = {
      ...this.#pair,
      control,
      head,
      committed: head.seq,
      machine: isMain
        ? { duty: "main", phase: "serving", admitting: null }
        : { duty: "none", phase: "blank" },
      machineSince: this.#parts.clock.monotonic(),
    };
    this.#parts.onSettled();
  }

  #takeAll(): void {
    for (;;) {
      const next = this.#waitingEvents.shift();
      if (!next) break; // Ends: a step adds at most one event for each entry it writes.
      this.#take(next);
    }
    if (isOrderOpen(this.#pair)) return;
    // What was under way ended otherwise than by its own word.
    const detail = "this server lost its duty meanwhile";
    this.#answerOrder(err({ code: "pair.changeover-unknown", detail }));
  }

  #take(event: PairEvent): void {
    const before = this.#pair;
    const clocks = { at: this.#parts.clock.monotonic(), now: this.#parts.clock.now() };
    const { state, actions } = step(before, event, clocks, this.#history());
    this.#pair = state;
    let written: ControlRecord | undefined;
    try {
      for (const action of actions) {
        this.#perform(action);
        if (action.kind === "write-control") written = action.control;
      }
    } catch (error) {
      this.#onFailure(error, before, written);
      if (error instanceof DiskFull) this.#answerWhenFull(actions, written);
    }
  }

  /** What the control record says is done, be it journalled or not; what goes on is answered later. */
  #answerWhenFull(actions: readonly PairAction[], written: ControlRecord | undefined): void {
    const last = actions.findLast((action) => action.kind === "write-control");
    const answer = actions.find(({ kind }) => kind === "order-done" || kind === "order-refused");
    const isKept = this.#pair.machine.duty === "main" && last?.control === written;
    if (isKept && answer !== undefined) return this.#perform(answer);
    const isSwitched = actions.some(({ kind }) => kind === "record-mode");
    if (isKept && isSwitched) return this.#answerOrder(ok(undefined));
    if (this.#pair.control.switching !== null) return;
    this.#answerOrder(err({ code: "disk.full", detail: "journal" }));
  }

  /** What could not be written was not promised either: the rules go on from before it. */
  #onFailure(error: unknown, before: PairState, written: ControlRecord | undefined): void {
    if (error instanceof DiskFull) {
      this.#keepTaken(before, written);
      this.#waitingEvents.push({ kind: "disk-full" });
      return;
    }
    if (!(error instanceof StateMismatch)) throw error;
    this.#pair = { ...before, control: this.#durable(written ?? before.control) };
    const code = "journal.digest-mismatch";
    this.#waitingEvents.push({ kind: "database-invalid", code, text: error.message });
  }

  /** What the control record says stays, though no entry tells of it yet; nothing else does (R2). */
  #keepTaken(before: PairState, written: ControlRecord | undefined): void {
    const { head, committed } = this.#mustLedger();
    const isDue = before.unrecorded || written !== undefined;
    const isMain = this.#pair.machine.duty === "main";
    const kept = isMain ? { ...this.#pair, unrecorded: isDue } : before;
    const control = this.#durable(written ?? before.control);
    this.#pair = { ...kept, control, head, committed: committed.seq };
  }

  /** What was seen of the witness's register is true without a disk. */
  #durable(written: ControlRecord): ControlRecord {
    const { arbiterVersion } = this.#pair.control;
    return { ...written, arbiterVersion };
  }

  #perform(action: PairAction): void {
    switch (action.kind) {
      case "write-control":
        return this.#writeControl(action.control);
      case "send":
        return this.#parts.send(action.to, action.message);
      case "send-entries":
        return this.#sendEntries(action);
      case "send-snapshot":
        return this.#sendSnapshot(action.to);
      case "append":
        return this.#mustLedger().append(action.entries);
      case "commit":
        this.#mustLedger().commit(action.seq);
        this.#isUntold = true;
        return this.#parts.onCommitted(action.seq);
      case "record-term":
        return this.#record("start-term", { kind: "term-started", pair: action.pair });
      case "record-ack-set": {
        const { ackSet, unprotected } = action;
        return this.#record("change-ack-set", { kind: "ack-set-changed", ackSet, unprotected });
      }
      case "record-mode":
        return this.#record("change-mode", { kind: "mode-changed", mode: action.mode });
      case "ask-arbiter":
        return this.#parts.askArbiter(action.id, action.request);
      case "export-tail":
        return this.#parts.exportTail(this.#mustLedger(), action.tail);
      case "truncate": {
        const ledger = this.#mustLedger();
        return ledger.truncate(action.after, () => this.#parts.reopen(ledger.incarnation));
      }
      case "swap-generation":
        return this.#swap(action.incarnation);
      case "abandon-waiting":
        return this.#parts.onAbandoned();
      case "order-done":
        return this.#answerOrder(ok(undefined));
      case "order-refused":
        return this.#answerOrder(err({ code: action.code, detail: action.detail }));
    }
  }

  /** HS14: whatever the rules say, no permanent Standby claims a term on its disk. */
  #writeControl(control: ControlRecord): void {
    const claims = control.owner === this.#parts.self || control.candidacy !== null;
    const may = !claims || !isPermanent(this.#pair, this.#parts.self);
    assert(may, "a permanent Standby claims no term");
    this.#parts.writeControl(control);
  }

  #answerOrder(outcome: Result<undefined, Refusal>): void {
    this.#order?.(outcome);
    this.#order = undefined;
  }

  #sendEntries(action: PairAction & { readonly kind: "send-entries" }): void {
    const { to, from, upTo } = action;
    const entries = this.#mustLedger().read(from, upTo - from + 1);
    const { control, committed } = this.#pair;
    this.#isUntold = false;
    this.#parts.send(to, { kind: "entries", term: control.term, entries, committed });
  }

  /**
   * Standbys show a change when they hear that it is committed: with the next entries, which an
   * idle Main has none of, so that it says so at once instead of with its next heartbeat. Not
   * before who waits for the change has its answer: that comes first.
   */
  #tellCommitted(): void {
    if (!this.#isUntold || this.#hasFailed) return;
    this.#isUntold = false;
    if (this.#pair.machine.duty !== "main") return;
    const beat = heartbeatOf(this.#pair);
    for (const [id, { acked, linkUp }] of this.#pair.peers) {
      if (linkUp && acked !== null) this.#parts.send(id, beat);
    }
  }

  #sendSnapshot(to: NodeId): void {
    const source = this.#mustLedger().copy;
    this.#passes.set(to, source);
    void this.#parts.sendFirstPass(to, source).then(() => {
      // One whose link ended says nothing of the one that is under way since.
      if (this.#passes.get(to) === source) this.feed({ kind: "snapshot-sent", peer: to });
    });
  }

  /** An entry that the rules ordered: they hear how far the journal reaches with it. */
  #record(kind: string, fact: Fact): void {
    const ledger = this.#mustLedger();
    this.stage(ownEntry(this.#parts, kind, fact));
    ledger.flush();
    this.#waitingEvents.push({ kind: "appended", head: ledger.head });
  }

  #swap(incarnation: string): void {
    const opened = this.#ready;
    assert(
      opened?.journal.incarnation === incarnation,
      "the generation swapped in is the one built",
    );
    this.#ready = undefined;
    this.#ledger?.close();
    this.#ledger = this.#parts.openLedger(opened);
    this.#parts.keepOnly(incarnation);
    this.#parts.onCommitted(this.#ledger.committed.seq);
  }

  #mustLedger(): Ledger {
    assert(
      this.#ledger !== undefined,
      "the rules read and write a journal only where there is one",
    );
    return this.#ledger;
  }

  #history(): HistoryView {
    if (this.#ledger) return this.#ledger.history;
    return {
      hashAt: (seq) => (seq === 0 ? origin.hash : undefined),
      placeAt: () => undefined,
      first: () => 1,
      terms: () => [],
      ownerOf: () => undefined,
      digest: () => emptyDigest,
      kinds: () => nobody,
    };
  }
}

import type { NodeId } from "@gridward/core/base/identity";
import { requestId } from "@gridward/core/base/identity";
import { assert } from "@gridward/core/base/result";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import { type Entry, origin } from "@gridward/core/domain/entry";
import { checkAccepts } from "@gridward/core/domain/pair/accepts";
import type { PairEvent } from "@gridward/core/domain/pair/event";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import { startPair } from "@gridward/core/domain/pair/start";
import { allRows } from "@gridward/core/domain/tables";
import type { Journal, OpenedJournal } from "@gridward/runtime/journal/journal";
import { memoryJournalStore } from "@gridward/runtime/journal/memory-journal";
import { sha256 } from "@gridward/runtime/os/hash";
import { Ledger } from "@gridward/server/ledger";
import { Conductor } from "@gridward/server/pair/conductor";
import {
  type FirstPassPiece,
  FirstPassReceiver,
  type FirstPassSource,
} from "@gridward/server/pair/first-pass";
import { Writer } from "@gridward/server/writer";
import type { Watcher } from "./watcher.ts";
import type { World } from "./world.ts";

/** A power cut between two writes. */
export class Crash extends Error {
  override readonly name = "Crash";
}

export type SimFrame =
  | { readonly kind: "pair"; readonly message: PairMessage }
  | { readonly kind: "first-pass"; readonly piece: FirstPassPiece; readonly bytes: number };

interface Process {
  readonly conductor: Conductor;
  readonly writer: Writer;
  readonly receiver: FirstPassReceiver;
}

/** One server of the pair: the product's own conductor, writer and ledger on a simulated disk. */
export class SimServer {
  readonly id: NodeId;
  /** What survives a crash. */
  control: ControlRecord;
  store = memoryJournalStore();
  tails: (readonly Entry[])[] = [];
  /** What a person kept of a disk before setting the server up anew. */
  lostDisks: (readonly Entry[])[] = [];
  /** Requests whose entries are on this disk. */
  requests = new Set<string>();
  /** The journal on this disk, readable also while no process runs. */
  journal: Journal | undefined;
  process: Process | undefined;
  isFrozen = false;
  /** Durable acts until the power fails; undefined: it does not. */
  fuse: number | undefined;
  readonly #world: World;
  readonly #watcher: Watcher;

  constructor(id: NodeId, world: World, watcher: Watcher) {
    this.id = id;
    this.#world = world;
    this.#watcher = watcher;
    this.control = blankControl(id);
  }

  get isAlive(): boolean {
    return this.process !== undefined && !this.isFrozen;
  }

  /** Everything of this server is lost but its name: an operator set it up anew. */
  wipe(): void {
    const { systemId } = this.control;
    this.lostDisks.push(this.journal?.read(this.journal.first(), 1_000_000) ?? []);
    this.journal = undefined;
    this.requests = new Set();
    this.store = memoryJournalStore();
    this.control = { ...blankControl(this.id), systemId };
  }

  start(): void {
    const { incarnation } = this.control;
    const opened = incarnation === null ? undefined : this.store.open(incarnation);
    const head = opened?.ok ? opened.value.journal.head() : origin;
    if (opened && !opened.ok) this.#watcher.fail("I7", `${this.id}: ${opened.error.detail}`);
    const started = startPair({
      self: this.id,
      control: this.control,
      head,
      committed: opened?.ok ? opened.value.committed.seq : 0,
      partners: [this.#world.other(this.id)],
      unprotected: null,
      fault: null,
      at: this.#world.now,
    });
    for (const action of started.actions) {
      if (action.kind === "write-control") this.control = action.control;
    }
    const ledger = opened?.ok ? this.#ledger(opened.value) : undefined;
    ledger?.commit(started.state.committed);
    const conductor: Conductor = new Conductor(this.#parts(), started.state, ledger);
    this.process = {
      conductor,
      writer: this.#writer(conductor),
      receiver: new FirstPassReceiver(() => this.store.build(`${this.id}-${this.#world.fresh()}`)),
    };
  }

  crash(): void {
    this.process?.receiver.abandon();
    this.process = undefined;
    this.fuse = undefined;
    this.isFrozen = false;
    this.#world.network.drop(this.id);
  }

  /** Does some work of the process; a power cut inside ends the process. */
  run(work: (process: Process) => void): void {
    if (!this.process || this.isFrozen) return;
    try {
      work(this.process);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.crash();
    }
  }

  feed(event: PairEvent): void {
    this.run(({ conductor }) => conductor.feed(event));
  }

  onFrame(from: NodeId, frame: SimFrame): void {
    if (frame.kind === "pair")
      return this.feed({ kind: "message", peer: from, message: frame.message });
    this.run(({ conductor, receiver }) => {
      const news = receiver.take(frame.piece, frame.bytes);
      switch (news.kind) {
        case "begun":
          return conductor.feed({ kind: "snapshot-begun", bytesTotal: news.bytesTotal });
        case "progress":
          return conductor.feed({ kind: "snapshot-progress", bytesDone: news.bytesDone });
        case "ready":
          return conductor.generationReady(news.opened, news.position);
        case "failed":
          conductor.feed({ kind: "snapshot-failed" });
          return this.#world.network.drop(this.id);
      }
    });
  }

  onDown(peer: NodeId): void {
    this.run(({ conductor, receiver }) => {
      if (receiver.abandon()) conductor.feed({ kind: "snapshot-failed" });
      conductor.feed({ kind: "link-down", peer });
    });
  }

  /** A durable act is about to happen, or has just happened: here the power may fail. */
  #durable(): void {
    if (this.fuse === undefined) return;
    this.fuse--;
    if (this.fuse <= 0) throw new Crash("power");
  }

  #ledger(opened: OpenedJournal): Ledger {
    this.#notice(opened);
    return new Ledger({ ...opened, journal: this.#crashing(opened.journal) }, sha256);
  }

  /** From now on this journal is what is on the disk. */
  #notice(opened: OpenedJournal): void {
    this.journal = opened.journal;
    this.requests = new Set(opened.state.requestsById.keys());
  }

  #crashing(journal: Journal): Journal {
    return {
      incarnation: journal.incarnation,
      head: () => journal.head(),
      first: () => journal.first(),
      append: (entries, committed) => {
        this.#durable();
        journal.append(entries, committed);
        for (const entry of entries) this.requests.add(entry.requestId);
        this.#watcher.onAppended(this);
        this.#durable();
      },
      noteCommitted: (seq) => journal.noteCommitted(seq),
      read: (seq, limit) => journal.read(seq, limit),
      hashAt: (seq) => journal.hashAt(seq),
      terms: () => journal.terms(),
      truncate: (seq) => {
        this.#durable();
        this.#watcher.onTruncate(this, seq);
        journal.truncate(seq);
        this.#durable();
      },
      saveSnapshot: (state, position, digest) => journal.saveSnapshot(state, position, digest),
      close: () => journal.close(),
    };
  }

  #parts(): ConstructorParameters<typeof Conductor>[0] {
    const world = this.#world;
    return {
      self: this.id,
      name: this.id,
      clock: {
        now: () => Math.floor(world.now),
        monotonic: () => world.now,
        sleep: () => Promise.reject(new Error("the simulator sleeps for nobody")),
      },
      freshRequestId: () => requestId(`own-${world.fresh()}`),
      writeControl: (control) => {
        this.#durable();
        this.#watcher.onControl(this, this.control, control);
        this.control = control;
        this.#durable();
      },
      openLedger: (opened) => this.#ledger(opened),
      reopen: (incarnation) => {
        const opened = this.store.open(incarnation);
        assert(opened.ok, "a journal that was cut opens");
        this.#notice(opened.value);
        return { ...opened.value, journal: this.#crashing(opened.value.journal) };
      },
      keepOnly: (incarnation) => this.store.keepOnly(incarnation),
      exportTail: (ledger, after, upTo) => {
        this.#durable();
        this.tails.push(ledger.read(after.seq + 1, upTo.seq - after.seq));
      },
      send: (to, message) => {
        this.#durable();
        world.network.send(this.id, to, { kind: "pair", message } satisfies SimFrame);
      },
      sendFirstPass: (to, source) => this.#sendFirstPass(to, source),
      onCommitted: (seq) => {
        this.process?.writer.confirm(seq);
        this.#watcher.onVisible(this, seq);
      },
      onAbandoned: () => this.process?.writer.abandon(),
      onSettled: () => this.process?.writer.pump(),
    };
  }

  #sendFirstPass(to: NodeId, { state, position, digest }: FirstPassSource): Promise<void> {
    const pieces: FirstPassPiece[] = [{ kind: "first-pass-begin", position, digest, bytes: 100 }];
    const rows = Array.from(allRows(state), (change) => ({ ...change, row: { ...change.row } }));
    const half = Math.ceil(rows.length / 2);
    pieces.push({ kind: "first-pass-rows", rows: rows.slice(0, half) });
    pieces.push({ kind: "first-pass-rows", rows: rows.slice(half) });
    pieces.push({ kind: "first-pass-end" });
    for (const piece of pieces) {
      this.#world.network.send(this.id, to, {
        kind: "first-pass",
        piece,
        bytes: 50,
      } satisfies SimFrame);
    }
    return Promise.resolve();
  }

  #writer(conductor: Conductor): Writer {
    return new Writer({
      closed: () => checkAccepts(conductor.pair),
      prepared: () => this.#mustLedger(conductor).prepared,
      committedSeq: () => conductor.pair.committed,
      now: () => Math.floor(this.#world.now),
      monotonic: () => this.#world.now,
      soon: (work) => this.#world.schedule.after(0, () => this.run(work)),
      stage: (content) => conductor.stage(content),
      flush: () => conductor.flush(),
    });
  }

  #mustLedger(conductor: Conductor): Ledger {
    assert(conductor.ledger !== undefined, "a Main has a journal");
    return conductor.ledger;
  }
}

function blankControl(id: NodeId): ControlRecord {
  return {
    version: 1,
    nodeId: id,
    systemId: null,
    incarnation: null,
    term: 0,
    owner: null,
    start: 0,
    highest: origin,
    ackSet: [],
    certificate: null,
    handover: null,
  };
}

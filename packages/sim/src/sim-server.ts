import type { NodeId, SystemId } from "@gridward/core/base/identity";
import { requestId } from "@gridward/core/base/identity";
import { assert, Defect } from "@gridward/core/base/result";
import { checkAccepts } from "@gridward/core/domain/pair/accepts";
import type { PairEvent } from "@gridward/core/domain/pair/event";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import type { Machine } from "@gridward/core/domain/pair/pair-state";
import { startPair } from "@gridward/core/domain/pair/start";
import { allRows } from "@gridward/core/domain/tables";
import { sha256 } from "@gridward/runtime/os/hash";
import { kindsOf, Ledger } from "@gridward/server/ledger";
import { Conductor, type ConductorParts } from "@gridward/server/pair/conductor";
import {
  type FirstPassPiece,
  FirstPassReceiver,
  type FirstPassSource,
} from "@gridward/server/pair/first-pass";
import { Writer } from "@gridward/server/writer";
import type { OpenedJournal } from "@gridward/runtime/journal/journal";
import { bendState, damageRow } from "./damage.ts";
import type { SimFrame } from "./frame.ts";
import { Crash, type DiskWatch, SimDisk } from "./sim-disk.ts";
import type { Faults } from "./faults.ts";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";
import type { SimWitness } from "./sim-witness.ts";

/** As where nothing is set. */
const suspectAfter = 6_000;

export interface Process {
  readonly conductor: Conductor;
  readonly writer: Writer;
  readonly receiver: FirstPassReceiver;
  /** Where its machine stood after the last event. */
  machine: Machine;
  /** Highest term that this process was told of. */
  heardTerm: number;
  /** Terms of ours that this process was told another server owns too. */
  readonly disputed: Set<number>;
  /** Whose first pass is under way. */
  copiesFrom: NodeId | undefined;
  /** As Main: since when a change waits for a member that does not follow. */
  waitsSince: number | undefined;
  /** Its state was damaged at its start. */
  isBent: boolean;
}

/** Who is told of what a server shows, says and hears. */
export interface ServerWatch extends DiskWatch {
  fail(rule: string, says: string): void;
  onStarted(disk: SimDisk, opened: OpenedJournal): void;
  onOpened(disk: SimDisk, opened: OpenedJournal): void;
  onVisible(server: SimServer, seq: number): void;
  onSent(server: SimServer, to: NodeId, frame: SimFrame): void;
  onHeard(server: SimServer, process: Process, from: NodeId, message: PairMessage): void;
  /** `from` is null where the process was off. */
  onMoved(id: NodeId, from: Machine | null, to: Machine): void;
}

/** What a server needs of the world around it. */
export interface ServerWorld {
  readonly now: number;
  readonly watcher: ServerWatch;
  readonly faults: Faults;
  readonly random: Random;
  readonly schedule: Schedule;
  readonly witness: SimWitness;
  fresh(): number;
  partnersOf(id: NodeId): readonly NodeId[];
  send(from: NodeId, to: NodeId, frame: SimFrame): void;
  isOpen(from: NodeId, to: NodeId): boolean;
  closeLinks(id: NodeId): void;
  dropLinks(id: NodeId): void;
}

/** One server: the product's own conductor, writer and ledger on a simulated disk and network. */
export class SimServer {
  readonly id: NodeId;
  readonly disk: SimDisk;
  process: Process | undefined;
  #isFrozen = false;
  /** What comes while the process is stopped is done when it goes on. */
  #inbox: ((process: Process) => void)[] = [];
  readonly #world: ServerWorld;
  readonly #watcher: ServerWatch;

  constructor(id: NodeId, systemId: SystemId, world: ServerWorld) {
    this.id = id;
    this.#world = world;
    this.#watcher = world.watcher;
    this.disk = new SimDisk(id, systemId, world.watcher);
  }

  get isAlive(): boolean {
    return this.process !== undefined && !this.#isFrozen && this.#inbox.length === 0;
  }

  start(): void {
    const { disk } = this;
    disk.isOff = false;
    const { incarnation } = disk.control;
    const isThere = incarnation !== null && !disk.isBroken;
    const opened = isThere ? disk.store.open(incarnation) : undefined;
    if (opened && !opened.ok) return this.#watcher.fail("I7", `${this.id}: ${opened.error.detail}`);
    try {
      this.#resume(opened?.value);
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      this.#watcher.fail("defect", `${this.id}: ${error.message}`);
    }
  }

  #resume(opened: OpenedJournal | undefined): void {
    const { disk } = this;
    const started = startPair(this.#whatWasFound(opened));
    if (opened) this.#watcher.onStarted(disk, opened);
    for (const action of started.actions) {
      if (action.kind === "write-control") disk.writeControl(action.control);
    }
    const bent = opened && this.#isBentNow() ? bendState(opened) : undefined;
    const found = bent ?? opened;
    const ledger = found && new Ledger(disk.adopt(found), sha256);
    ledger?.commit(started.state.committed);
    const conductor: Conductor = new Conductor(this.#parts(), started.state, ledger);
    this.process = this.#processOf(conductor, bent !== undefined);
    this.#watcher.onMoved(this.id, null, this.process.machine);
    if (ledger) this.#watcher.onVisible(this, ledger.committed.seq);
  }

  #processOf(conductor: Conductor, isBent: boolean): Process {
    const { store } = this.disk;
    return {
      conductor,
      writer: this.#writer(conductor),
      receiver: new FirstPassReceiver(() => store.build(`${this.id}-${this.#world.fresh()}`)),
      machine: conductor.pair.machine,
      heardTerm: 0,
      disputed: new Set(),
      copiesFrom: undefined,
      waitsSince: undefined,
      isBent,
    };
  }

  #whatWasFound(opened: OpenedJournal | undefined): Parameters<typeof startPair>[0] {
    const { disk } = this;
    const here = { self: this.id, control: disk.control, suspectAfter, at: this.#world.now };
    const fault = disk.isBroken ? { code: "journal.chain-broken", text: "simulated" } : null;
    const around = { partners: this.#world.partnersOf(this.id), fault };
    const now = Math.floor(this.#world.now);
    if (!opened) {
      const nothing = { head: disk.control.highest, committed: 0, recorded: null };
      return { ...here, ...around, now, ...nothing, kinds: new Map() };
    }
    const kinds = kindsOf(opened.state.tables.servers);
    const recorded = opened.state.tables.pair.first() ?? null;
    const { seq: committed } = opened.committed;
    return { ...here, ...around, now, head: opened.journal.head(), committed, recorded, kinds };
  }

  /** A Standby that is not certified may find its state bent: the proof must notice (R3). */
  /** What is read anew from the disk is whole. */
  #straighten(): void {
    if (this.process) this.process.isBent = false;
  }

  #isBentNow(): boolean {
    const { control } = this.disk;
    const isUnfinished = control.certificate?.complete !== true;
    return (
      isUnfinished && control.owner !== this.id && this.#chance(this.#world.faults.corruptStarts)
    );
  }

  crash(): void {
    this.process?.receiver.abandon();
    this.process = undefined;
    this.#inbox = [];
    this.#isFrozen = false;
    this.disk.fuse = undefined;
    this.disk.isOff = true;
    this.#world.dropLinks(this.id);
  }

  freeze(): void {
    this.#isFrozen = this.process !== undefined;
  }

  thaw(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    this.#catchUp();
  }

  /** One after the other: what follows from each, answers too, comes before the next. */
  #catchUp(): void {
    if (this.#isFrozen) return;
    const work = this.#inbox.shift();
    if (!work) return;
    this.#do(work);
    this.#world.schedule.after(0, () => this.#catchUp());
  }

  /** Does some work of the process; a power cut inside ends it, a defect is a finding. */
  run(work: (process: Process) => void): void {
    if (!this.process) return;
    if (this.#isFrozen || this.#inbox.length > 0) this.#inbox.push(work);
    else this.#do(work);
  }

  #do(work: (process: Process) => void): void {
    const { process } = this;
    if (!process) return;
    this.disk.depth++;
    try {
      work(process);
    } catch (error) {
      if (error instanceof Defect) this.#watcher.fail("defect", `${this.id}: ${error.message}`);
      else if (!(error instanceof Crash)) throw error;
      return this.crash();
    } finally {
      this.disk.depth--;
    }
    if (this.disk.isOff && this.process === process) this.crash();
  }

  feed(event: PairEvent): void {
    this.run(({ conductor }) => conductor.feed(event));
  }

  tick(): void {
    if (this.isAlive) this.feed({ kind: "tick" });
  }

  onMessage(from: NodeId, message: PairMessage): void {
    this.run((process) => {
      this.#watcher.onHeard(this, process, from, message);
      process.conductor.feed({ kind: "message", peer: from, message });
    });
  }

  onFirstPass(from: NodeId, piece: FirstPassPiece, bytes: number): void {
    this.run((process) => {
      const { conductor, receiver } = process;
      if (!isAwaited(conductor, from)) return;
      if (piece.kind === "first-pass-begin") process.copiesFrom = from;
      else if (process.copiesFrom !== from) return;
      const news = receiver.take(piece, bytes);
      switch (news.kind) {
        case "begun":
          return conductor.feed({ kind: "snapshot-begun", bytesTotal: null });
        case "progress":
          return conductor.feed({ ...news, kind: "snapshot-progress" });
        case "ready":
          this.#watcher.onOpened(this.disk, news.opened);
          return conductor.generationReady(news.opened, news.position);
        case "failed":
          conductor.feed({ kind: "snapshot-failed" });
          return this.#world.closeLinks(this.id);
      }
    });
  }

  onDown(peer: NodeId): void {
    this.run((process) => {
      const { conductor, receiver } = process;
      const wasCopying = process.copiesFrom === peer && receiver.abandon();
      if (process.copiesFrom === peer) process.copiesFrom = undefined;
      if (wasCopying) conductor.feed({ kind: "snapshot-failed" });
      conductor.feed({ kind: "link-down", peer });
    });
  }

  #chance(share: number): boolean {
    return share > 0 && this.#world.random.chance(share);
  }

  #parts(): ConductorParts {
    const world = this.#world;
    const { disk } = this;
    return {
      self: this.id,
      name: this.id,
      clock: {
        now: () => Math.floor(world.now),
        monotonic: () => world.now,
        sleep: () => Promise.reject(new Error("the simulator sleeps for nobody")),
      },
      freshRequestId: () => requestId(`own-${world.fresh()}`),
      writeControl: (control) => disk.writeControl(control),
      openLedger: (opened) => {
        this.#straighten();
        return new Ledger(disk.adopt(opened), sha256);
      },
      reopen: (incarnation) => {
        this.#straighten();
        return disk.reopen(incarnation);
      },
      keepOnly: (incarnation) => {
        disk.act();
        disk.store.keepOnly(incarnation);
        disk.act();
      },
      exportTail: (ledger, { after, upTo }) =>
        disk.exportTail(ledger.read(after.seq + 1, upTo.seq - after.seq)),
      send: (to, message) => this.#send(to, { kind: "pair", message }),
      askArbiter: (id, request) => {
        disk.act();
        const { process } = this;
        world.witness.ask(this.id, request, (answer) => {
          if (process !== this.process) return;
          this.feed({ kind: "arbiter-answered", id, answer });
        });
      },
      sendFirstPass: (to, source) => this.#sendFirstPass(to, source),
      onCommitted: (seq) => {
        this.process?.writer.confirm(seq);
        this.#watcher.onVisible(this, seq);
      },
      onAbandoned: () => this.process?.writer.abandon(),
      soon: (work) => work(),
      onSettled: () => {
        this.#noticeMove();
        this.process?.writer.pump();
      },
    };
  }

  #noticeMove(): void {
    const { process } = this;
    if (!process) return;
    const before = process.machine;
    process.machine = process.conductor.pair.machine;
    this.#watcher.onMoved(this.id, before, process.machine);
  }

  #send(to: NodeId, frame: SimFrame): void {
    this.disk.act();
    this.#watcher.onSent(this, to, frame);
    this.#world.send(this.id, to, frame);
  }

  /** In pieces over some time; each may be the last before a cut or a crash. */
  #sendFirstPass(to: NodeId, { state, position, digest, earlier }: FirstPassSource): Promise<void> {
    const { process } = this;
    const rows = Array.from(allRows(state), (change) => ({ ...change, row: { ...change.row } }));
    const isDamaged = this.#chance(this.#world.faults.damagedPasses);
    const sent = isDamaged ? damageRow(rows, this.#world.random) : rows;
    const size = Math.ceil(rows.length / (1 + this.#world.random.below(4)));
    const pieces: FirstPassPiece[] = [
      { kind: "first-pass-begin", position, digest, earlier, rows: 100 },
    ];
    for (let from = 0; from < sent.length; from += size) {
      pieces.push({ kind: "first-pass-rows", rows: sent.slice(from, from + size) });
    }
    pieces.push({ kind: "first-pass-end" });
    const pause = this.#world.random.between(0, 400);
    return new Promise((done) => {
      const next = (index: number): void => {
        const piece = pieces[index];
        if (this.process !== process) return;
        if (piece === undefined || !this.#world.isOpen(this.id, to)) return done();
        this.run(() => this.#send(to, { kind: "first-pass", piece, bytes: 50 }));
        this.#world.schedule.after(pause, () => next(index + 1));
      };
      next(0);
    });
  }

  #writer(conductor: Conductor): Writer {
    return new Writer({
      closed: () => checkAccepts(conductor.pair),
      prepared: () => mustLedger(conductor).prepared,
      committedSeq: () => conductor.pair.committed,
      now: () => Math.floor(this.#world.now),
      monotonic: () => this.#world.now,
      soon: (work) => this.#soon(work),
      stage: (content) => conductor.stage(content),
      flush: () => conductor.flush(),
    });
  }

  /** Work of a process dies with it. */
  #soon(work: () => void): void {
    const { process } = this;
    this.#world.schedule.after(0, () => {
      if (process === this.process) this.run(work);
    });
  }
}

/** As the product's receiving end: only its Main's, and only where one is awaited. */
function isAwaited({ pair: { control, machine } }: Conductor, from: NodeId): boolean {
  if (control.owner !== from) return false;
  if (machine.duty === "none") return ["blank", "diverged"].includes(machine.phase);
  return machine.duty === "standby";
}

function mustLedger({ ledger }: Conductor): Ledger {
  assert(ledger !== undefined, "a Main has a journal");
  return ledger;
}

import type { NodeId, SystemId } from "@gridward/core/base/identity";
import { requestId } from "@gridward/core/base/identity";
import { assert, Defect } from "@gridward/core/base/result";
import { checkAccepts } from "@gridward/core/domain/pair/accepts";
import type { PairEvent } from "@gridward/core/domain/pair/event";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import { startPair } from "@gridward/core/domain/pair/start";
import type { Clock } from "@gridward/runtime/os/clock";
import { sha256 } from "@gridward/runtime/os/hash";
import type { DatabaseCopy } from "@gridward/server/database-copy";
import { Ledger } from "@gridward/server/ledger";
import { Conductor, type ConductorParts } from "@gridward/server/pair/conductor";
import { type FirstPassPiece, FirstPassReceiver } from "@gridward/server/pair/first-pass";
import { Writer } from "@gridward/server/writer";
import type { JournalFault, OpenedJournal } from "@gridward/runtime/journal/journal";
import { bendState } from "./damage.ts";
import { piecesOf } from "./first-pass-pieces.ts";
import { findFault, findUnseen, findVouched, isAwaited, whatWasFound } from "./found.ts";
import type { SimFrame } from "./frame.ts";
import type { ServerWatch, ServerWorld } from "./server-world.ts";
import { SimAge } from "./sim-age.ts";
import { Crash, SimDisk } from "./sim-disk.ts";
import { SimMachine } from "./sim-machine.ts";
import type { Process } from "./sim-process.ts";
import { Understanding } from "./versions.ts";

/** One server: the product's own conductor, writer and ledger on a simulated disk and network. */
export class SimServer {
  readonly id: NodeId;
  readonly disk: SimDisk;
  process: Process | undefined;
  /** Of the program: 1, or 2 while it speaks another one than its partners. */
  version = 1;
  readonly machine: SimMachine;
  readonly #age: SimAge;
  /** What its disk suffers when its process ends. */
  doom: ((disk: SimDisk) => void) | undefined;
  #isFrozen = false;
  /** Connections that ended, by partner: what is sent in pieces goes on over no other. */
  readonly #ended = new Map<NodeId, number>();
  /** When its last process ended. */
  #endedAt = 0;
  /** What comes while the process is stopped is done when it goes on. */
  #inbox: ((process: Process) => void)[] = [];
  readonly #world: ServerWorld;
  readonly #watcher: ServerWatch;

  constructor(id: NodeId, systemId: SystemId, world: ServerWorld) {
    this.id = id;
    this.#world = world;
    this.#watcher = world.watcher;
    this.disk = new SimDisk(id, systemId, world.watcher);
    this.machine = new SimMachine(world);
    this.#age = new SimAge(world, this.machine);
  }

  get isAlive(): boolean {
    return this.process !== undefined && !this.#isFrozen && this.#inbox.length === 0;
  }

  start(): void {
    const { disk } = this;
    disk.isOff = false;
    const { incarnation } = disk.control;
    this.#choose();
    this.#power();
    const isThere = incarnation !== null && !disk.isBroken;
    const opened = isThere ? disk.store.open(incarnation) : undefined;
    const fault = findFault(disk, opened);
    const unseen = findUnseen(disk, opened, fault);
    if (unseen) return this.#watcher.fail(unseen.rule, unseen.says);
    try {
      this.#resume(opened?.ok && !fault ? opened.value : undefined, fault);
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      this.#watcher.fail("defect", `${this.id}: ${error.message}`);
    }
  }

  /** Which version of the program is started: upgrades and downgrades go by restarts. */
  #choose(): void {
    const { rare, isCalm } = this.#world;
    if (rare.versionSkew === 0) return;
    this.version = !isCalm && rare.dice.chance(rare.versionSkew) ? 2 : 1;
  }

  /** A start of the server may follow one of its machine, which has been on for some of the time. */
  #power(): void {
    const { rare, now } = this.#world;
    if (rare.reboots > 0 && rare.dice.chance(rare.reboots)) {
      this.machine.reboot(rare.dice.between(this.#endedAt, now));
    }
  }

  #resume(opened: OpenedJournal | undefined, found: JournalFault | undefined): void {
    const { disk } = this;
    const clock = this.#newClock();
    this.#resumeAge(clock);
    const started = startPair(
      whatWasFound(disk, opened, {
        partners: this.#world.partnersOf(this.id),
        at: clock.monotonic(),
        now: clock.now(),
        fault: found,
      }),
    );
    if (opened) this.#watcher.onStarted(disk, opened);
    for (const action of started.actions) {
      if (action.kind === "write-control") disk.writeControl(action.control);
    }
    const vouched = findVouched(disk, found);
    if (vouched) this.#watcher.fail(vouched.rule, vouched.says);
    const bent = opened && this.#isBentNow() ? bendState(opened) : undefined;
    const whole = bent ?? opened;
    const ledger = whole && new Ledger(disk.adopt(whole), sha256);
    ledger?.commit(started.state.committed);
    const conductor: Conductor = new Conductor(this.#parts(clock), started.state, ledger);
    this.process = this.#processOf(conductor, clock, bent !== undefined);
    this.#watcher.onMoved(this.id, null, this.process.machine);
    if (ledger) this.#watcher.onVisible(this, ledger.committed.seq);
  }

  #processOf(conductor: Conductor, clock: Clock, isBent: boolean): Process {
    const { store } = this.disk;
    return {
      conductor,
      writer: this.#writer(conductor, clock),
      receiver: new FirstPassReceiver(() => store.build(`${this.id}-${this.#world.fresh()}`)),
      machine: conductor.pair.machine,
      heardTerm: 0,
      disputed: new Set(),
      understanding: new Understanding(),
      monotonic: () => clock.monotonic(),
      copiesFrom: undefined,
      waitsSince: undefined,
      visibleAtStart: conductor.pair.committed,
      isBent,
    };
  }

  /** What is read anew from the disk is whole. */
  #straighten(): void {
    if (this.process) this.process.isBent = false;
  }

  /** A Standby that is not certified may find its state bent: the proof must notice (R3). */
  #isBentNow(): boolean {
    const { control } = this.disk;
    const { faults, random } = this.#world;
    const isUnfinished = control.certificate?.complete !== true && control.owner !== this.id;
    const share = isUnfinished ? faults.corruptStarts : 0;
    return share > 0 && random.chance(share);
  }

  crash(): void {
    this.process?.receiver.abandon();
    this.process = undefined;
    this.#endedAt = this.#world.now;
    this.#inbox = [];
    this.#isFrozen = false;
    this.disk.fuse = undefined;
    this.disk.isOff = true;
    this.doom?.(this.disk);
    this.doom = undefined;
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
    if (this.isAlive && this.#world.rare.reboots > 0) this.run((process) => this.#look(process));
  }

  /** Its age goes with every control record that is written. */
  #resumeAge(clock: Clock): void {
    const { disk } = this;
    if (this.#world.rare.reboots === 0) return;
    this.#age.begin(disk.age, clock, () => disk.writeControl(disk.control));
    disk.carryAge = () => this.#age.mark();
  }

  #look({ conductor, monotonic }: Process): void {
    const now = (): number => this.machine.wall();
    const found = this.#age.look(conductor.pair, { now, monotonic });
    if (found) this.#watcher.fail(found.rule, found.says);
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
      if (!isAwaited(conductor.pair, from)) return;
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
    this.#ended.set(peer, (this.#ended.get(peer) ?? 0) + 1);
    this.run((process) => {
      const { conductor, receiver } = process;
      const wasCopying = process.copiesFrom === peer && receiver.abandon();
      if (process.copiesFrom === peer) process.copiesFrom = undefined;
      if (wasCopying) conductor.feed({ kind: "snapshot-failed" });
      conductor.feed({ kind: "link-down", peer });
    });
  }

  /** Of one process; no rule of the pair may follow the clock on the wall. */
  #newClock(): Clock {
    const world = this.#world;
    const startedAt = world.now;
    return {
      now: () => this.machine.wall(),
      monotonic: () => world.now - startedAt,
      sleep: () => Promise.reject(new Error("the simulator sleeps for nobody")),
    };
  }

  #parts(clock: Clock): ConductorParts {
    const world = this.#world;
    const { disk } = this;
    return {
      self: this.id,
      name: this.id,
      clock,
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
  #sendFirstPass(to: NodeId, source: DatabaseCopy): Promise<void> {
    const { process } = this;
    const { damagedPasses } = this.#world.faults;
    const pieces = piecesOf(source, this.#world.random, damagedPasses);
    const pause = this.#world.random.between(0, 400);
    const link = this.#ended.get(to);
    return new Promise((done) => {
      const next = (index: number): void => {
        const piece = pieces[index];
        if (this.process !== process) return;
        const isOpen = this.#world.isOpen(this.id, to) && this.#ended.get(to) === link;
        if (piece === undefined || !isOpen) return done();
        this.run(() => this.#send(to, { kind: "first-pass", piece, bytes: 50 }));
        this.#world.schedule.after(pause, () => next(index + 1));
      };
      next(0);
    });
  }

  #writer(conductor: Conductor, clock: Clock): Writer {
    return new Writer({
      closed: () => checkAccepts(conductor.pair),
      prepared: () => mustLedger(conductor).prepared,
      committedSeq: () => conductor.pair.committed,
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
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

function mustLedger({ ledger }: Conductor): Ledger {
  assert(ledger !== undefined, "a Main has a journal");
  return ledger;
}

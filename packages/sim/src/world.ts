import { type NodeId, nodeId } from "@gridward/core/base/identity";
import { assert } from "@gridward/core/base/result";
import { day } from "@gridward/core/base/time";
import { beginFresh, beginOrphaned, otherSystem, ourSystem } from "./beginnings.ts";
import { Clients } from "./clients.ts";
import { Disasters } from "./disasters.ts";
import { drawFaults, type Faults } from "./faults.ts";
import { type SimFrame, throughText } from "./frame.ts";
import { Network, type NetworkEnd } from "./network.ts";
import { Operator } from "./operator.ts";
import { findEndlessWait } from "./patience.ts";
import { type Random, seededRandom } from "./random.ts";
import { drawRare, type Rare } from "./rare.ts";
import { findUnexplained } from "./readable.ts";
import { Schedule } from "./schedule.ts";
import type { SimDisk } from "./sim-disk.ts";
import { SimDevice } from "./sim-device.ts";
import { SimServer } from "./sim-server.ts";
import { SimWitness } from "./sim-witness.ts";
import type { Pair } from "./surroundings.ts";
import { Watcher } from "./watcher.ts";

/** The product ticks ten times a second; coarser here, so that more seeds fit in a minute. */
const tickMs = 250;

/** Terms of the stranger's system: far ahead, so that one that leaks is seen. */
const strangeTerm = 50_000;

/** Between which times the clock on a wall jumps, back and forth: ten years. */
const wallJumpMost = 10 * 365 * day;

type Disturbance =
  | "crashEvery"
  | "outageEvery"
  | "freezeEvery"
  | "fullEvery"
  | "orderEvery"
  | "witnessEvery";

/** Two servers, a network, devices, clients and an operator, in trouble and after it. */
export class World {
  readonly schedule = new Schedule();
  readonly random: Random;
  readonly faults: Faults;
  readonly rare: Rare;
  readonly watcher = new Watcher();
  readonly pair: Pair;
  readonly witness: SimWitness;
  readonly devices: readonly SimDevice[];
  readonly operator = new Operator(this);
  readonly clients = new Clients(this);
  readonly #disasters = new Disasters(this);
  /** The pair and, in some runs, a server of another system that reaches them. */
  readonly #servers: readonly SimServer[];
  readonly #networks: readonly Network[];
  #fresh = 0;
  isCalm = false;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.faults = drawFaults(this.random);
    this.rare = drawRare(seed);
    this.witness = new SimWitness(this);
    const server = (name: string, system: typeof ourSystem): SimServer =>
      new SimServer(nodeId(name), system, this);
    const third = this.faults.third === null ? [] : [server("C", ourSystem)];
    this.pair = [server("A", ourSystem), server("B", ourSystem), ...third];
    const strangers = this.faults.stranger === "none" ? [] : [server("X", otherSystem)];
    this.#servers = [...this.pair, ...strangers];
    this.#networks = this.#connect(strangers);
    this.devices = Array.from(
      { length: this.faults.devices },
      (_, index) => new SimDevice(`device ${index}`, this),
    );
    this.watcher.watch(this.#servers, this.witness);
    if (this.faults.third === "permanent") this.watcher.permanent = nodeId("C");
  }

  get now(): number {
    return this.schedule.now;
  }

  fresh(): number {
    return ++this.#fresh;
  }

  others(id: NodeId): readonly SimServer[] {
    return this.pair.filter((server) => server.id !== id);
  }

  partnersOf(id: NodeId): readonly NodeId[] {
    const isOurs = this.pair.some((server) => server.id === id);
    return isOurs ? this.others(id).map((server) => server.id) : [];
  }

  /** The server that says it is Main, the one of the highest term if two do. */
  main(): SimServer | undefined {
    const mains = this.pair.filter(
      ({ process }) => process?.conductor.pair.machine.duty === "main",
    );
    mains.sort((left, right) => right.disk.control.term - left.disk.control.term);
    return mains[0];
  }

  begin(): void {
    const [a, b] = this.pair;
    const { beginning, mode, third } = this.faults;
    if (beginning === "orphans") {
      const tails = [this.random.below(3), this.random.below(3)] as const;
      this.watcher.onGiven(beginOrphaned([a, b], tails));
    }
    for (const server of this.#servers) server.start();
    if (beginning === "fresh") {
      const kinds = ["promotable", third ?? "promotable"] as const;
      const joined = this.others(a.id).map(({ id }, index) => ({ id, kind: kinds[index] }));
      beginFresh(a, joined, { term: 1, mode });
    }
    this.operator.seedWitness();
    const stranger = this.#servers.find((server) => !this.pair.includes(server));
    if (stranger && this.faults.stranger === "main") {
      beginFresh(stranger, [], { term: strangeTerm, mode: "manual" });
    }
    for (const { disk } of this.#servers) this.watcher.onFounded(disk);
    for (const network of this.#networks) network.start();
    for (const server of this.#servers) this.#tick(server);
    for (const device of this.devices) device.start();
    this.clients.start();
    this.#lookLater();
    if (this.faults.isInterrupted) this.#interrupt();
    this.#jumpLater();
    this.#disasters.start();
    this.#disturbLater("crashEvery", () => this.#crash());
    this.#disturbLater("outageEvery", () => this.#loseMain());
    this.#disturbLater("freezeEvery", () => this.#freeze());
    this.#disturbLater("fullEvery", () => this.#fill());
    this.#disturbLater("witnessEvery", () => this.#loseWitness());
    this.#disturbLater("orderEvery", () => this.operator.meddle());
  }

  /** No more faults: everybody is started again, and an operator does what the status says. */
  calm(): void {
    this.isCalm = true;
    for (const network of this.#networks) network.heal();
    this.witness.heal();
    for (const server of this.#servers) {
      server.disk.fuse = undefined;
      server.disk.isFull = false;
      server.thaw();
      // What it does as it thaws is answered before its program is changed.
      if (server.version !== 1) this.schedule.after(0, () => server.crash());
      this.schedule.after(0, () => {
        if (!server.process) server.start();
      });
    }
    this.operator.care();
  }

  restoreLast(): void {
    this.#disasters.restoreLast();
  }

  send(from: NodeId, to: NodeId, frame: SimFrame): void {
    const said = this.#inItsVersion(from, to, frame);
    this.#networkOf(from, to)?.send(from, to, this.faults.isParsed ? this.#parsed(said) : said);
  }

  pull(one: NodeId, other: NodeId, lasts: number): void {
    this.#networkOf(one, other)?.pull(lasts);
  }

  isOpen(from: NodeId, to: NodeId): boolean {
    return this.#networkOf(from, to)?.isOpen(from) === true;
  }

  dropLinks(id: NodeId): void {
    for (const network of this.#networksOf(id)) network.drop(id);
  }

  closeLinks(id: NodeId): void {
    for (const network of this.#networksOf(id)) network.close();
  }

  /** Who speaks another version says so; how it says the rest is nobody's matter then. */
  #inItsVersion(from: NodeId, to: NodeId, frame: SimFrame): SimFrame {
    if (this.rare.versionSkew === 0) return frame;
    if (frame.kind !== "pair" || frame.message.kind !== "hello") return frame;
    const versionOf = (id: NodeId): number | undefined =>
      this.#servers.find((server) => server.id === id)?.version;
    if (versionOf(from) === versionOf(to)) return frame;
    return { kind: "pair", message: { ...frame.message, version: frame.message.version + 1 } };
  }

  #parsed(frame: SimFrame): SimFrame {
    const parsed = throughText(frame);
    if (!parsed.ok) this.watcher.fail("defect", `a ${frame.kind} frame: ${parsed.error}`);
    return parsed.ok ? parsed.value : frame;
  }

  #connect(strangers: readonly SimServer[]): readonly Network[] {
    const [a, b, third] = this.pair;
    const pairs: (readonly [SimServer, SimServer])[] = [[a, b]];
    if (third) pairs.push([a, third], [b, third]);
    for (const stranger of strangers) pairs.push([a, stranger], [b, stranger]);
    return pairs.map(
      ([left, right]) => new Network([this.#end(left), this.#end(right)], this, this.faults),
    );
  }

  #end(server: SimServer): NetworkEnd {
    return {
      id: server.id,
      isListening: () => server.isAlive,
      onUp: (peer) => server.feed({ kind: "link-up", peer }),
      onDown: (peer) => server.onDown(peer),
      onFrame: (from, frame) => {
        if (frame.kind === "pair") server.onMessage(from, frame.message);
        else server.onFirstPass(from, frame.piece, frame.bytes);
      },
    };
  }

  #networksOf(id: NodeId): readonly Network[] {
    return this.#networks.filter(({ ends }) => ends.some((end) => end.id === id));
  }

  #networkOf(from: NodeId, to: NodeId): Network | undefined {
    return this.#networksOf(from).find(({ ends }) => ends.some((end) => end.id === to));
  }

  #tick(server: SimServer): void {
    this.schedule.after(tickMs, () => {
      server.tick();
      this.#tick(server);
    });
  }

  #lookLater(): void {
    this.schedule.after(400, () => {
      this.watcher.checkAllEqual(this.pair);
      this.clients.read();
      for (const server of this.pair) if (server.isAlive) this.#checkPatience(server);
      this.#lookLater();
    });
  }

  #checkPatience(server: SimServer): void {
    const { process, id } = server;
    const unexplained = process && findUnexplained(process.conductor.pair, process.monotonic());
    const complete = process?.understanding.findStillComplete(process.conductor.pair);
    for (const found of [findEndlessWait(server), unexplained, complete]) {
      if (found) this.watcher.fail(found.rule, found.says);
    }
    if (!process || !this.operator.isKeptWaiting(process)) return;
    this.watcher.fail("I33", `an order at ${id} has no answer`);
  }

  #disturbLater(rate: Disturbance, disturb: () => void): void {
    const every = this.faults[rate];
    if (every === 0) return;
    this.schedule.after(this.random.between(0.2, 1.8) * every, () => {
      if (this.isCalm) return;
      disturb();
      this.#disturbLater(rate, disturb);
    });
  }

  #anyone(): SimServer {
    const server = this.#servers[this.random.below(this.#servers.length)];
    assert(server !== undefined, "there are servers");
    return server;
  }

  #crash(): void {
    const server = this.#anyone();
    if (!server.process) return server.start();
    this.#loseSlot(server);
    if (this.random.chance(this.faults.fuseShare)) server.disk.fuse = 1 + this.random.below(12);
    else server.crash();
    this.#breakDisk(server);
    this.schedule.after(this.random.between(50, 12_000), () => {
      if (!server.process) server.start();
    });
  }

  #loseMain(): void {
    const main = this.main();
    if (!main) return;
    main.crash();
    this.schedule.after(this.random.between(6_000, 20_000), () => {
      if (!main.process) main.start();
    });
  }

  #interrupt(): void {
    const [a, b] = this.pair;
    const lostAt = this.random.between(100, 2_500);
    this.schedule.after(lostAt, () => a.crash());
    this.schedule.after(lostAt + 500, () => this.operator.promote(b, this.random.chance(0.5)));
    this.schedule.after(lostAt + this.random.between(1_000, 9_000), () => {
      if (!a.process) a.start();
    });
  }

  #loseSlot(server: SimServer): void {
    const { dice, lostSlots } = this.rare;
    if (lostSlots === 0 || !dice.chance(lostSlots)) return;
    server.doom = (disk) => {
      // The only database is not lost in a run: nobody could heal it but a backup.
      const isLast = !disk.isNamedTwice && !this.#hasAnother(server);
      if (!isLast && !disk.isBent && !disk.isBroken) disk.loseSlot();
    };
  }

  /** Is there another server with a database that can be promoted? */
  #hasAnother({ id }: SimServer): boolean {
    const { permanent } = this.watcher;
    return this.others(id).some((other) => other.id !== permanent && other.disk.isWhole);
  }

  #jumpLater(): void {
    const { dice, wallJumpEvery } = this.rare;
    if (wallJumpEvery === 0) return;
    this.schedule.after(dice.between(0.2, 1.8) * wallJumpEvery, () => {
      const server = this.#servers[dice.below(this.#servers.length)];
      if (server) server.machine.wallOffset = Math.floor(dice.between(0, wallJumpMost));
      if (!this.isCalm) this.#jumpLater();
    });
  }

  /** Only where a partner has a database that can be promoted, and one in a run. */
  #breakDisk(server: SimServer): void {
    const isFirst = this.pair.every(({ disk }) => !disk.isBroken && !disk.isBent);
    // Not both faults in one server: nothing would tell then what it had.
    if (!isFirst || server.disk.isDoubtful || !this.#hasAnother(server)) return;
    const { dice, bentShare } = this.rare;
    if (!dice.chance(bentShare)) server.disk.isBroken = true;
    else if (server.process) server.doom = (disk) => this.#bend(server, disk);
    else this.#bend(server, server.disk);
  }

  #bend(server: SimServer, disk: SimDisk): void {
    if (this.#hasAnother(server) && !disk.isDoubtful) disk.bend(this.rare.dice);
  }

  #freeze(): void {
    const server = this.#anyone();
    server.freeze();
    this.schedule.after(this.random.between(100, 9_000), () => server.thaw());
  }

  #loseWitness(): void {
    if (this.random.chance(0.3)) this.witness.stop();
    else this.witness.cut(this.#anyone().id);
  }

  #fill(): void {
    const { disk } = this.#anyone();
    disk.isFull = true;
    this.schedule.after(this.random.between(100, 6_000), () => {
      disk.isFull = false;
    });
  }
}

import {
  accountId,
  type NodeId,
  nodeId,
  requestId,
  sealed,
  systemId,
} from "@gridward/core/base/identity";
import { assert } from "@gridward/core/base/result";
import type { Command } from "@gridward/core/domain/command";
import type { Fact } from "@gridward/core/domain/fact";
import { decide } from "@gridward/core/domain/decide";
import { emptyState } from "@gridward/core/domain/state";
import type { Actor, ServerRow } from "@gridward/core/domain/types";
import { Network, type NetworkFaults } from "./network.ts";
import { type Random, seededRandom } from "./random.ts";
import { Schedule } from "./schedule.ts";
import { type SimFrame, SimServer } from "./sim-server.ts";
import { Watcher } from "./watcher.ts";

/** Fault rates of one run, drawn from its seed: each run is hostile in its own way (swarm). */
export interface Faults extends NetworkFaults {
  readonly crashEvery: number;
  readonly fuseShare: number;
  readonly freezeEvery: number;
  readonly orderEvery: number;
  readonly forceShare: number;
  readonly submitEvery: number;
}

/** The product ticks ten times a second; coarser here, so that more seeds fit in a minute. */
const tickMs = 250;

const A = nodeId("A");
const B = nodeId("B");
const admin: Actor = { kind: "account", id: "admin", name: "admin", door: "https", source: "" };
const local: Actor = { kind: "local", id: "root", name: "root", door: "local", source: "" };

/** Two servers, a network, clients and an operator in one simulated hour of trouble. */
export class World {
  readonly schedule = new Schedule();
  readonly random: Random;
  readonly network: Network;
  readonly watcher = new Watcher();
  readonly servers: readonly [SimServer, SimServer];
  readonly faults: Faults;
  #fresh = 0;
  #isCalm = false;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.faults = drawFaults(this.random);
    this.network = new Network(this.schedule, this.random, this.faults);
    this.servers = [new SimServer(A, this, this.watcher), new SimServer(B, this, this.watcher)];
    this.watcher.watch(this.servers);
    for (const server of this.servers) {
      this.network.attach(server.id, {
        isAlive: () => server.isAlive,
        onUp: (peer) => server.feed({ kind: "link-up", peer }),
        onDown: (peer) => server.onDown(peer),
        // The network carries only what servers of this world send.
        onFrame: (from, frame) => server.onFrame(from, frame as SimFrame),
      });
    }
  }

  get now(): number {
    return this.schedule.now;
  }

  other(id: NodeId): NodeId {
    return id === A ? B : A;
  }

  fresh(): number {
    return ++this.#fresh;
  }

  /** The server that says it is Main, the one of the highest term if two do. */
  main(): SimServer | undefined {
    const mains = this.servers.filter(
      ({ process }) => process?.conductor.pair.machine.duty === "main",
    );
    mains.sort((left, right) => right.control.term - left.control.term);
    return mains[0];
  }

  /** A system is created on A; B knows of it and is blank. */
  begin(): void {
    const [a, b] = this.servers;
    for (const server of this.servers) {
      server.control = { ...server.control, systemId: systemId("the system") };
      server.start();
    }
    a.run(({ conductor }) => {
      const decision = decide(emptyState, {
        command: createSystem,
        actor: local,
        at: 1,
        requestId: requestId("create"),
      });
      assert(decision.ok, "a system can be created");
      const joined = { kind: "server-joined", server: serverRow(b.id) } as const;
      const content = {
        at: 1,
        actor: local,
        requestId: requestId("create"),
        kind: "create-system",
        facts: [...decision.value.facts, joined, passwordSet],
        answer: {},
      };
      const control = {
        ...a.control,
        term: 1,
        owner: A,
        start: 1,
        ackSet: [A],
        incarnation: "A-0",
      };
      conductor.found(a.store.create("A-0"), content, control);
    });
    this.network.start();
    for (const server of this.servers) this.#tick(server);
    this.#submitLater();
    this.#disturbLater("crashEvery", () => this.#crash());
    this.#disturbLater("freezeEvery", () => this.#freeze());
    this.#disturbLater("orderEvery", () => this.#order());
  }

  /** No more faults: everybody is started again, and an operator does what the status says. */
  calm(): void {
    this.#isCalm = true;
    this.network.heal();
    for (const server of this.servers) {
      server.fuse = undefined;
      server.isFrozen = false;
      if (!server.process) server.start();
    }
    this.#operate();
  }

  submit(server: SimServer, request: string): void {
    const command: Command = {
      kind: "create-group",
      id: groupIdOf(request),
      name: `g-${request}`,
      description: "",
    };
    server.run(({ writer }) => {
      void writer
        .submit({ command, actor: admin, requestId: requestId(request) })
        .then((result) => this.#onAnswer(server, request, result));
    });
  }

  #onAnswer(
    server: SimServer,
    request: string,
    result:
      | { readonly ok: true; readonly value: { readonly seq: number } }
      | { readonly ok: false; readonly error: { readonly code: string } },
  ): void {
    if (result.ok) {
      const before = this.watcher.acknowledged.get(request);
      if (before && before.seq !== result.value.seq && !this.watcher.hadManualAct) {
        this.watcher.fail("I11", `${request} was answered ${before.seq} and ${result.value.seq}`);
      }
      if (!before) this.watcher.onAcknowledged(server, { request, seq: result.value.seq });
      return;
    }
    // A change sent elsewhere before may be done there: only a first "no" is final.
    if (result.error.code === "pair.unknown-outcome") this.#retryLater(request);
    else if (!this.#tried.has(request)) this.watcher.refused.add(request);
  }

  readonly #tried = new Set<string>();

  #retryLater(request: string): void {
    this.#tried.add(request);
    this.schedule.after(this.random.between(10, 3_000), () => {
      const main = this.main();
      if (main?.isAlive) this.submit(main, request);
    });
  }

  #tick(server: SimServer): void {
    this.schedule.after(tickMs, () => {
      server.feed({ kind: "tick" });
      this.#tick(server);
    });
  }

  #submitLater(): void {
    this.schedule.after(this.random.between(0, 2 * this.faults.submitEvery), () => {
      const main = this.main() ?? this.servers[this.random.below(2)];
      const burst = 1 + this.random.below(3);
      for (let index = 0; index < burst; index++) {
        if (main?.isAlive) this.submit(main, `r${this.fresh()}`);
      }
      this.#submitLater();
    });
  }

  #disturbLater(rate: "crashEvery" | "freezeEvery" | "orderEvery", disturb: () => void): void {
    const every = this.faults[rate];
    if (every === 0) return;
    this.schedule.after(this.random.between(0.2, 1.8) * every, () => {
      if (this.#isCalm) return;
      disturb();
      this.#disturbLater(rate, disturb);
    });
  }

  #crash(): void {
    const server = this.servers[this.random.below(2)];
    if (!server) return;
    if (!server.process) return server.start();
    if (this.random.chance(this.faults.fuseShare)) server.fuse = 1 + this.random.below(12);
    else server.crash();
    this.schedule.after(this.random.between(50, 12_000), () => {
      if (!server.process) server.start();
    });
  }

  #freeze(): void {
    const server = this.servers[this.random.below(2)];
    if (!server?.process) return;
    server.isFrozen = true;
    this.schedule.after(this.random.between(100, 9_000), () => {
      server.isFrozen = false;
    });
  }

  #order(): void {
    const server = this.servers[this.random.below(2)];
    if (!server?.isAlive) return;
    if (server.process?.conductor.pair.machine.duty === "main") return this.#changeover(server);
    this.promote(server, this.random.chance(this.faults.forceShare));
  }

  #changeover(server: SimServer): void {
    const to = this.other(server.id);
    server.run(({ conductor }) => {
      conductor.feed({ kind: "order-changeover", to, directionsOk: true });
    });
  }

  promote(server: SimServer, force: boolean): void {
    this.watcher.isForced = force;
    server.run(({ conductor }) => {
      const before = conductor.pair.control.term;
      conductor.feed({ kind: "order-promote", force });
      if (conductor.pair.control.term > before || force) this.watcher.hadManualAct = true;
    });
    this.watcher.isForced = false;
  }

  /** What a careful operator does in the end, once every 3 s. */
  #operate(): void {
    this.schedule.after(3_000, () => {
      for (const server of this.servers) this.#help(server);
      this.#operate();
    });
  }

  #help(server: SimServer): void {
    const machine = server.process?.conductor.pair.machine;
    if (!server.process) return server.start();
    if (machine?.duty === "none" && machine.phase !== "blank") {
      const isLast = !this.main();
      if (isLast && machine.phase === "two-mains") return this.promote(server, true);
      if (isLast) return;
      server.crash();
      server.wipe();
      return server.start();
    }
    if (machine?.duty === "main" && machine.phase === "read-only") {
      const other = this.servers.find((each) => each !== server);
      if (!other) return;
      server.crash();
      this.promote(other, true);
      return;
    }
    if (this.main()) return;
    this.promote(server, false);
    if (!this.main() && machine?.duty !== "none") this.promote(server, true);
  }
}

function groupIdOf(request: string) {
  return request as Extract<Command, { readonly kind: "create-group" }>["id"]; // Any text is an id here.
}

function drawFaults(random: Random): Faults {
  const sometimes = (low: number, high: number): number =>
    random.chance(0.3) ? 0 : random.between(low, high);
  return {
    cutEvery: sometimes(3_000, 30_000),
    cutLasts: random.between(500, 12_000),
    oneWay: random.chance(0.5) ? 0.3 : 0,
    delay: random.chance(0.5) ? 3 : random.between(5, 800),
    noticeAfter: random.between(200, 8_000),
    crashEvery: sometimes(3_000, 30_000),
    fuseShare: random.next(),
    freezeEvery: sometimes(4_000, 30_000),
    orderEvery: sometimes(2_000, 20_000),
    forceShare: random.chance(0.5) ? 0 : 0.3,
    submitEvery: random.between(300, 4_000),
  };
}

function serverRow(id: NodeId): ServerRow {
  return {
    id,
    name: id,
    address: "198.51.100.1",
    ports: { https: 1, link: 1, ldaps: 1 },
    pairingKey: "",
    kind: "promotable",
    joinedAt: 1,
  };
}

/** The administrator has a password, so that it may order changes. */
const passwordSet: Fact = {
  kind: "password-set",
  id: accountId("admin"),
  password: {
    verifier: sealed("sealed"),
    version: 1,
    changedAt: 1,
    mustChange: false,
    history: [],
  },
};

const createSystem: Command = {
  kind: "create-system",
  systemId: "the system",
  base: "dc=sim",
  site: "sim",
  replicaKey: sealed("sealed"),
  authority: { id: "issuing", certificate: "", key: sealed("sealed") },
  certificates: [],
  server: serverRow(A),
  administrator: {
    id: accountId("admin"),
    name: "admin",
    code: { verifier: sealed("sealed"), expiresAt: 10_000_000 },
  },
};

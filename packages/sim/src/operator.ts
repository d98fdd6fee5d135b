import type { NodeId } from "@gridward/core/base/identity";
import type { Millis } from "@gridward/core/base/time";
import { arbitrationModes } from "@gridward/core/domain/arbitration-mode";
import { comparePositions } from "@gridward/core/domain/entry";
import { hasNotWoken } from "./patience.ts";
import type { Process } from "./sim-process.ts";
import type { SimServer } from "./sim-server.ts";
import type { Surroundings } from "./surroundings.ts";

/** How often a careful operator looks at the status once the trouble is over. */
const lookEvery = 2_000;

/** A drain is given up after 10 s; nothing else that is ordered takes time. */
const orderMs = 15_000;

/** Who orders changeovers and promotions: carelessly in the trouble, as the status says after it. */
export class Operator {
  readonly #world: Surroundings;
  /** Orders, who owes the answer, and since when. */
  readonly #pending = new Map<object, { readonly process: Process; readonly since: Millis }>();

  constructor(world: Surroundings) {
    this.#world = world;
  }

  /** Something, somewhere, whether it is wise or not. */
  meddle(): void {
    const { random, pair, faults } = this.#world;
    const server = pair[random.below(pair.length)];
    if (!server?.isAlive) return;
    this.#spoil(server);
    const work = workOf(server);
    if (random.chance(faults.switchShare)) return this.#switchMode(server);
    if (random.chance(faults.maintenanceShare)) return this.#maintain(server);
    if (work === "serves" && random.chance(0.8)) return this.#changeover(server);
    // Who sees a server that does not work is tempted to force it.
    this.promote(server, random.chance(work === "is down" ? 0.5 : faults.forceShare));
  }

  /** In some runs the disk is full, or the power fails, in the middle of the very order. */
  #spoil({ disk }: SimServer): void {
    const { random, faults, schedule } = this.#world;
    if (faults.crashEvery > 0 && random.chance(0.2)) disk.fuse = 1 + random.below(8);
    if (faults.fullEvery === 0 || random.chance(0.7)) return;
    disk.isFull = true;
    schedule.after(random.between(100, 3_000), () => {
      disk.isFull = false;
    });
  }

  /** Does a server that runs owe an answer for longer than any order takes? */
  isKeptWaiting(by: Process): boolean {
    const { pair } = by.conductor;
    const { awakeSince } = pair;
    const now = by.monotonic();
    if (hasNotWoken(pair, now)) return false;
    return [...this.#pending.values()].some(
      ({ process, since }) => process === by && now - Math.max(since, awakeSince) > orderMs,
    );
  }

  #changeover(server: SimServer): void {
    const others = this.#world.others(server.id);
    const to = (others[others.length > 1 ? this.#world.random.below(others.length) : 0] ?? server)
      .id;
    const { dice, refusedDirections } = this.#world.rare;
    const directionsOk = refusedDirections === 0 || !dice.chance(refusedDirections);
    const wasServing = workOf(server) === "serves";
    this.#order(server, { kind: "order-changeover", to, directionsOk });
    this.#pullPlug(server.id, to);
    const { machine } = server.process?.conductor.pair ?? {};
    const isDraining = machine?.duty === "main" && machine.phase === "draining";
    if (directionsOk || !wasServing || !isDraining) return;
    this.#world.watcher.fail("I22", `${server.id} hands over where one direction is refused`);
  }

  /** When the offer is on its way, or its answer; for longer than a drain, or not. */
  #pullPlug(from: NodeId, to: NodeId): void {
    const { rare, faults, schedule } = this.#world;
    const { pullDice, pulledHandovers } = rare;
    if (from === to || pulledHandovers === 0 || !pullDice.chance(pulledHandovers)) return;
    const lasts = pullDice.between(5_000, 20_000);
    schedule.after(pullDice.between(0, 2 * faults.delay), () => this.#world.pull(from, to, lasts));
  }

  #switchMode(server: SimServer): void {
    const mode = arbitrationModes[this.#world.random.below(arbitrationModes.length)] ?? "manual";
    this.#order(server, {
      kind: "order-mode",
      mode,
      hasWitness: this.#world.witness.record !== null,
    });
  }

  #maintain(server: SimServer): void {
    this.#order(server, { kind: "order-maintenance", isOn: true });
    this.#world.schedule.after(this.#world.random.between(500, 12_000), () => {
      this.#order(server, { kind: "order-maintenance", isOn: false });
    });
  }

  /** A blank witness is told who is Main; nobody else may tell it. */
  seedWitness(): void {
    const { witness } = this.#world;
    const disk = this.#world.main()?.disk;
    const { systemId, term, owner, ackSet, arbiterVersion } = disk?.control ?? {};
    if (witness.record !== null || !disk || !systemId || !owner || !term || !ackSet) return;
    const next = { systemId, term, owner, ackSet, floor: disk.head() };
    witness.seed(arbiterVersion ?? 0, next);
  }

  promote(server: SimServer, force: boolean): void {
    if (!server.isAlive || server.process?.isBent) return;
    const { watcher } = this.#world;
    const before = server.process?.conductor.pair.machine;
    watcher.isForced = force;
    if (force && before?.duty === "main") watcher.onForcedAlone(server.disk);
    this.#order(server, { kind: "order-promote", force });
    watcher.isForced = false;
    const isMain = workOf(server) === "serves";
    const isBarred = before?.duty === "none" && before.phase !== "two-mains";
    if (isMain && isBarred) watcher.fail("I5", `${server.id} was ${before.phase} and became Main`);
  }

  #order(server: SimServer, event: Parameters<Order>[0]): void {
    server.run((process) => {
      const order = {};
      this.#pending.set(order, { process, since: process.monotonic() });
      const forget = (): unknown => this.#pending.delete(order);
      // A crash in the middle of an order refuses the promise; the order died with its process.
      void process.conductor.order(event).then(forget, forget);
    });
  }

  /** From now on: what the status tells an operator to do, until all is well. */
  care(): void {
    this.#world.schedule.after(lookEvery, () => {
      this.seedWitness();
      for (const server of this.#world.pair) this.#help(server);
      this.care();
    });
  }

  #help(server: SimServer): void {
    const { process } = server;
    if (!process) return server.start();
    const { machine } = process.conductor.pair;
    if (machine.duty === "standby" && machine.phase === "maintenance") {
      return this.#order(server, { kind: "order-maintenance", isOn: false });
    }
    const main = this.#world.main();
    if (process.isBent && main !== server) return this.#restart(server);
    if (machine.duty === "main" && machine.phase === "read-only") return this.#relieve(server);
    // A diverged server returns by itself (HS9).
    const isLost = machine.duty === "none" && !["blank", "diverged"].includes(machine.phase);
    if (main && isLost) return this.#renew(server);
    if (!main) this.#choose(server);
  }

  /** A Main that stopped changes: after making room it is restarted, or the other takes over. */
  #relieve(server: SimServer): void {
    const { machine } = server.process?.conductor.pair ?? {};
    const isSilent = machine?.duty === "main" && machine.phase === "read-only";
    if (isSilent && machine.code === "pair.partner-silent") return; // It returns, or is set up anew.
    const isFull = machine?.duty === "main" && machine.phase === "read-only";
    if (isFull && machine.code === "disk.full") return this.#restart(server);
    server.crash();
    this.#forceOne(this.#mostFirst(this.#world.others(server.id)));
  }

  #forceOne(servers: readonly SimServer[]): void {
    for (const each of servers) if (!this.#world.main()) this.promote(each, true);
  }

  /** Who may be promoted, whoever holds most first. */
  #mostFirst(servers: readonly SimServer[]): readonly SimServer[] {
    const promotable = servers.filter(({ id }) => id !== this.#world.watcher.permanent);
    return promotable.toSorted((left, right) =>
      comparePositions(right.disk.head(), left.disk.head()),
    );
  }

  #restart(server: SimServer): void {
    server.crash();
    server.start();
  }

  /** Keeps the old disk and sets the server up anew as a Standby. */
  #renew(server: SimServer): void {
    server.crash();
    server.disk.wipe();
    server.start();
  }

  /** No Main: who is valid is promoted, else who can be by force. */
  #choose(server: SimServer): void {
    const servers = [server, ...this.#world.others(server.id)];
    const chosen = servers.length > 2 ? this.#mostFirst(servers) : servers;
    const mayAsk = this.#world.witness.record !== null; // A blank one gives no right.
    if (mayAsk && chosen.some(isCandidate)) return; // It answers soon.
    for (const each of chosen) {
      this.promote(each, !mayAsk && isWitnessed(each));
      if (this.#world.main() || isCandidate(each)) return;
    }
    this.#forceOne(chosen);
    if (!this.#world.main()) this.#world.restoreLast();
    if (!this.#world.main()) this.#restart(server); // Diverged is told again by the next Main.
  }
}

function isCandidate({ process }: SimServer): boolean {
  const { machine } = process?.conductor.pair ?? {};
  return machine?.duty === "standby" && machine.phase === "candidate";
}

function isWitnessed({ disk }: SimServer): boolean {
  return disk.control.mode === "witness";
}

type Order = Process["conductor"]["order"];

function workOf({ process }: SimServer): "serves" | "follows" | "is down" {
  const { machine } = process?.conductor.pair ?? {};
  if (machine?.duty === "none") return "is down";
  if (machine?.duty !== "main") return "follows";
  return machine.phase === "serving" ? "serves" : "is down";
}

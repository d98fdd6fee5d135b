import type { NodeId } from "@gridward/core/base/identity";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";

/** What two servers send each other: whatever it is, it arrives in order or not at all. */
export type Frame = unknown;

export interface NetworkEnd {
  readonly isAlive: () => boolean;
  readonly onUp: (peer: NodeId) => void;
  readonly onDown: (peer: NodeId) => void;
  readonly onFrame: (from: NodeId, frame: Frame) => void;
}

export interface NetworkFaults {
  /** Mean time between two cuts, milliseconds; 0: none. */
  readonly cutEvery: number;
  readonly cutLasts: number;
  /** Share of cuts that lose frames in one direction only. */
  readonly oneWay: number;
  readonly delay: number;
  /** How long a silent connection stays up at its ends. */
  readonly noticeAfter: number;
}

/** One connection: frames in order until it ends; none of an old one arrives after its end. */
interface Session {
  readonly ends: readonly [NodeId, NodeId];
  readonly up: Map<NodeId, boolean>;
  readonly lastArrival: Map<NodeId, number>;
}

/** The network between two servers: delay, cuts in both or one direction, half-open connections. */
export class Network {
  readonly #ends = new Map<NodeId, NetworkEnd>();
  #session: Session | undefined;
  /** Directions in which nothing passes: "from>to". */
  #blocked = new Set<string>();
  #isHealed = false;

  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #faults: NetworkFaults;

  constructor(schedule: Schedule, random: Random, faults: NetworkFaults) {
    this.#schedule = schedule;
    this.#random = random;
    this.#faults = faults;
  }

  attach(id: NodeId, end: NetworkEnd): void {
    this.#ends.set(id, end);
  }

  start(): void {
    this.#dialLater();
    this.#cutLater();
  }

  /** From now on nothing is cut any more: the liveness phase. */
  heal(): void {
    this.#isHealed = true;
    const session = this.#session;
    if (session && this.#blocked.size > 0) for (const id of session.ends) this.#end(session, id);
    this.#blocked = new Set();
  }

  send(from: NodeId, to: NodeId, frame: Frame): void {
    const session = this.#session;
    if (!session || session.up.get(from) !== true) return;
    if (this.#blocked.has(`${from}>${to}`)) return;
    const delay = this.#random.between(0.1, this.#faults.delay);
    const arrival = Math.max(this.#schedule.now + delay, session.lastArrival.get(to) ?? 0);
    session.lastArrival.set(to, arrival);
    this.#schedule.after(arrival - this.#schedule.now, () => {
      if (this.#session !== session || session.up.get(to) !== true) return;
      const end = this.#ends.get(to);
      if (end?.isAlive()) end.onFrame(from, frame);
    });
  }

  /** A process ended, or closed its connection: the other side hears so if anything passes. */
  drop(by: NodeId): void {
    const session = this.#session;
    if (!session) return;
    session.up.set(by, false);
    const other = session.ends.find((id) => id !== by);
    if (other)
      this.#schedule.after(this.#blocked.size > 0 ? this.#faults.noticeAfter : 1, () =>
        this.#end(session, other),
      );
  }

  #end(session: Session, id: NodeId): void {
    if (session.up.get(id) !== true) return;
    session.up.set(id, false);
    const end = this.#ends.get(id);
    if (end?.isAlive()) {
      const peer = session.ends.find((other) => other !== id);
      if (peer) end.onDown(peer);
    }
  }

  #dialLater(): void {
    this.#schedule.after(this.#random.between(20, 400), () => {
      this.#dial();
      this.#dialLater();
    });
  }

  #dial(): void {
    if (this.#blocked.size > 0) return;
    const ids = Array.from(this.#ends.keys());
    const [left, right] = ids;
    if (!left || !right || !ids.every((id) => this.#ends.get(id)?.isAlive())) return;
    const isUp = this.#session && ids.every((id) => this.#session?.up.get(id) === true);
    if (isUp) return;
    if (this.#session) for (const id of ids) this.#end(this.#session, id);
    const up = new Map(ids.map((id) => [id, true]));
    this.#session = { ends: [left, right], up, lastArrival: new Map() };
    this.#ends.get(left)?.onUp(right);
    this.#ends.get(right)?.onUp(left);
  }

  #cutLater(): void {
    if (this.#faults.cutEvery === 0) return;
    const wait = this.#random.between(0.2, 1.8) * this.#faults.cutEvery;
    this.#schedule.after(wait, () => {
      if (this.#isHealed) return;
      this.#cut();
      this.#cutLater();
    });
  }

  #cut(): void {
    const [left, right] = Array.from(this.#ends.keys());
    if (!left || !right) return;
    const both = [`${left}>${right}`, `${right}>${left}`];
    const isOneWay = this.#random.chance(this.#faults.oneWay);
    this.#blocked = new Set(isOneWay ? [both[this.#random.below(2)] ?? ""] : both);
    const lasts = this.#random.between(0.1, 2) * this.#faults.cutLasts;
    const session = this.#session;
    this.#schedule.after(this.#faults.noticeAfter, () => {
      if (session && this.#blocked.size > 0) for (const id of session.ends) this.#end(session, id);
    });
    this.#schedule.after(lasts, () => {
      this.#blocked = new Set();
      // What was lost in between leaves a hole: the connection does not survive it.
      if (session) for (const id of session.ends) this.#end(session, id);
    });
  }
}

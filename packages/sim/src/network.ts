import type { NodeId } from "@gridward/core/base/identity";
import type { SimFrame } from "./frame.ts";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";

export interface NetworkEnd {
  readonly id: NodeId;
  /** Is there a process that could answer a dial? */
  readonly isListening: () => boolean;
  readonly onUp: (peer: NodeId) => void;
  readonly onDown: (peer: NodeId) => void;
  readonly onFrame: (from: NodeId, frame: SimFrame) => void;
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
  /** How much later than the other one end may learn that the connection is up. */
  readonly lag: number;
}

/** One connection: frames in order until it ends; none of an old one arrives after its end. */
interface Session {
  /** By end: it reads what comes. */
  readonly reads: Map<NodeId, boolean>;
  /** By end: it was told that the link is up, and writes. */
  readonly writes: Map<NodeId, boolean>;
  readonly lastArrival: Map<NodeId, number>;
}

/** The wire between two servers: delay, cuts in both or one direction, half-open connections. */
export class Network {
  readonly ends: readonly [NetworkEnd, NetworkEnd];
  #session: Session | undefined;
  /** Directions in which nothing passes: "from>to". */
  #blocked = new Set<string>();
  #isHealed = false;
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #faults: NetworkFaults;

  constructor(
    ends: readonly [NetworkEnd, NetworkEnd],
    parts: { readonly schedule: Schedule; readonly random: Random },
    faults: NetworkFaults,
  ) {
    this.ends = ends;
    this.#schedule = parts.schedule;
    this.#random = parts.random;
    this.#faults = faults;
  }

  start(): void {
    this.#dialLater();
    this.#cutLater();
  }

  /** From now on nothing is cut any more: the liveness phase. */
  heal(): void {
    this.#isHealed = true;
    if (this.#session && this.#blocked.size > 0) this.#endBoth(this.#session);
    this.#blocked = new Set();
  }

  /** Somebody pulls the plug, and puts it back. */
  pull(lasts: number): void {
    if (!this.#isHealed) this.#block(this.#directions(), lasts);
  }

  isOpen(from: NodeId): boolean {
    return this.#session?.writes.get(from) === true;
  }

  send(from: NodeId, to: NodeId, frame: SimFrame): void {
    const session = this.#session;
    if (session?.writes.get(from) !== true) return;
    if (this.#blocked.has(`${from}>${to}`)) return;
    const delay = this.#random.between(0.1, this.#faults.delay);
    const arrival = Math.max(this.#schedule.now + delay, session.lastArrival.get(to) ?? 0);
    session.lastArrival.set(to, arrival);
    this.#schedule.after(arrival - this.#schedule.now, () => {
      if (this.#session !== session || session.reads.get(to) !== true) return;
      this.#end(to).onFrame(from, frame);
    });
  }

  /** A process ended: its side is gone at once, the other side hears so if anything passes. */
  drop(by: NodeId): void {
    const session = this.#session;
    if (session?.reads.get(by) !== true) return;
    session.reads.set(by, false);
    session.writes.set(by, false);
    const delay = this.#blocked.size > 0 ? this.#faults.noticeAfter : 1;
    this.#schedule.after(delay, () => this.#endBoth(session));
  }

  /** A live process closes the connection. */
  close(): void {
    if (this.#session) this.#endBoth(this.#session);
  }

  #end(id: NodeId): NetworkEnd {
    const [left, right] = this.ends;
    return left.id === id ? left : right;
  }

  #endBoth(session: Session): void {
    const [left, right] = this.ends;
    for (const [end, other] of [
      [left, right],
      [right, left],
    ] as const) {
      const wasUp = session.writes.get(end.id) === true;
      session.reads.set(end.id, false);
      session.writes.set(end.id, false);
      if (wasUp) end.onDown(other.id);
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
    const [left, right] = this.ends;
    if (!left.isListening() || !right.isListening()) return;
    const old = this.#session;
    if (old && old.reads.get(left.id) === true && old.reads.get(right.id) === true) return;
    if (old) this.#endBoth(old);
    const reads = new Map([left, right].map(({ id }) => [id, true]));
    const session: Session = { reads, writes: new Map(), lastArrival: new Map() };
    this.#session = session;
    const [first, second] = this.#random.chance(0.5) ? [left, right] : [right, left];
    this.#tellUp(session, first, second);
    const lag = this.#faults.lag === 0 ? 0 : this.#random.between(0, this.#faults.lag);
    if (lag === 0) this.#tellUp(session, second, first);
    else this.#schedule.after(lag, () => this.#tellUp(session, second, first));
  }

  #tellUp(session: Session, end: NetworkEnd, other: NetworkEnd): void {
    if (this.#session !== session || session.reads.get(end.id) !== true) return;
    session.writes.set(end.id, true);
    end.onUp(other.id);
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
    const both = this.#directions();
    const isOneWay = this.#random.chance(this.#faults.oneWay);
    const blocked = isOneWay ? [both[this.#random.below(2)] ?? ""] : both;
    this.#block(blocked, this.#random.between(0.1, 2) * this.#faults.cutLasts);
  }

  #directions(): readonly string[] {
    const [left, right] = this.ends;
    return [`${left.id}>${right.id}`, `${right.id}>${left.id}`];
  }

  #block(directions: readonly string[], lasts: number): void {
    const blocked = new Set(directions);
    this.#blocked = blocked;
    const session = this.#session;
    this.#schedule.after(Math.min(lasts, this.#faults.noticeAfter), () => {
      // What was lost leaves a hole: the connection does not survive it.
      if (session) this.#endBoth(session);
    });
    this.#schedule.after(lasts, () => {
      if (this.#blocked === blocked) this.#blocked = new Set();
    });
  }
}

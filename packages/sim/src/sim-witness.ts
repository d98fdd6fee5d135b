import type { NodeId } from "@gridward/core/base/identity";
import {
  type ArbiterAnswer,
  type ArbiterEntry,
  type ArbiterRecord,
  type ArbiterRequest,
  answerArbiter,
} from "@gridward/core/domain/arbiter";
import type { Faults } from "./faults.ts";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";

/** A server that hears nothing for this long goes on without an answer. */
const patienceMs = 2_000;

export interface WitnessWorld {
  readonly schedule: Schedule;
  readonly random: Random;
  readonly faults: Faults;
  readonly isCalm: boolean;
}

/** The product's register behind a network that loses, delays, and delivers after all. */
export class SimWitness {
  record: ArbiterRecord | null = null;
  #isDown = false;
  /** Servers that do not reach it. */
  readonly #cut = new Set<NodeId>();
  /** Questions on their way, some of which nobody waits for any more. */
  readonly #onTheWay = new Set<{ readonly from: NodeId; readonly request: ArbiterRequest }>();
  /** Mains that wrote their own term anew: what was asked for by an older version comes too late. */
  readonly #settled = new Set<NodeId>();
  readonly #world: WitnessWorld;

  constructor(world: WitnessWorld) {
    this.#world = world;
  }

  /** On an operator's word. */
  seed(version: number, next: ArbiterEntry): void {
    this.record = answerArbiter(this.record, { kind: "seed", version, next }).record;
  }

  /** May a question on its way still get this term (R9)? */
  mayGive(term: number, to: NodeId): boolean {
    const { record } = this;
    return [...this.#onTheWay].some(
      ({ from, request }) =>
        from === to &&
        request.kind === "cas" &&
        request.version === record?.version &&
        request.next.term === term,
    );
  }

  /** A Main offers its duty: from here on another may be given the next term. */
  noteOffer(owner: NodeId): void {
    this.#settled.delete(owner);
  }

  /** Whoever is given the next term now was not given it by the offer. */
  hasSettled(owner: NodeId): boolean {
    return this.#settled.has(owner);
  }

  /** Answers once: what the register says, or silent. A lost question may still take effect. */
  ask(
    from: NodeId,
    request: ArbiterRequest,
    answer: (answer: ArbiterAnswer | { readonly kind: "silent" }) => void,
  ): void {
    const { schedule, random, faults } = this.#world;
    let isOpen = true;
    const once = (said: ArbiterAnswer | { readonly kind: "silent" }): void => {
      if (isOpen) answer(said);
      isOpen = false;
    };
    schedule.after(patienceMs, () => once({ kind: "silent" }));
    if (this.#isDeaf(from)) return;
    const isLate = random.chance(faults.lateQuestions);
    const delay = isLate ? random.between(500, 9_000) : random.between(0.1, faults.delay);
    const question = { from, request };
    this.#onTheWay.add(question);
    schedule.after(delay, () => {
      this.#onTheWay.delete(question);
      if (this.#isDown) return;
      const { record, answer: said } = answerArbiter(this.record, request);
      if (record !== this.record && record?.owner === from && record.term === this.record?.term) {
        this.#settled.add(from);
      }
      this.record = record;
      if (this.#isDeaf(from) || random.chance(faults.lostVerdicts)) return;
      schedule.after(random.between(0.1, faults.delay), () => once(said));
    });
  }

  #isDeaf(from: NodeId): boolean {
    return this.#isDown || this.#cut.has(from);
  }

  /** Stopped for a while; sometimes everything it remembered is lost. */
  stop(): void {
    const { schedule, random, faults } = this.#world;
    this.#isDown = true;
    if (random.chance(faults.amnesia)) this.record = null;
    schedule.after(random.between(500, 15_000), () => {
      this.#isDown = false;
    });
  }

  cut(server: NodeId): void {
    const { schedule, random } = this.#world;
    this.#cut.add(server);
    schedule.after(random.between(500, 12_000), () => this.#cut.delete(server));
  }

  heal(): void {
    this.#isDown = false;
    this.#cut.clear();
  }
}

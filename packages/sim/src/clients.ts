import { groupId, type RequestId, requestId } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import type { Command } from "@gridward/core/domain/command";
import type { Refusal, RefusalCode } from "@gridward/core/domain/refusal";
import type { Actor } from "@gridward/core/domain/types";
import type { Receipt } from "@gridward/server/parts";
import type { SimServer } from "./sim-server.ts";
import type { Surroundings } from "./surroundings.ts";

const admin: Actor = { kind: "account", id: "admin", name: "admin", door: "https", source: "" };

/** Refusals that say nothing of the change itself, only that it is not taken here and now. */
const notNow: readonly RefusalCode[] = ["disk.full", "server.overloaded", "system.blank"];

/** A client that hears nothing for this long asks again. */
const impatienceMs = 6_000;

/** After the trouble they ask seldom, so that everybody can come to rest at one head. */
const calmWaitMs = 8_000;

interface Request {
  readonly id: RequestId;
  tries: number;
  isAnswered: boolean;
}

/** People and programs that order changes, lose answers, and ask again at either server. */
export class Clients {
  readonly #world: Surroundings;
  /** Asked and not answered; readers look whether they show too early. */
  readonly #open = new Map<RequestId, Request>();

  constructor(world: Surroundings) {
    this.#world = world;
  }

  start(): void {
    const { schedule, random, faults, isCalm } = this.#world;
    const wait = isCalm ? calmWaitMs : random.between(0, 2 * faults.submitEvery);
    schedule.after(wait, () => {
      const burst = 1 + random.below(3);
      for (let index = 0; index < burst; index++) this.ask(`r${this.#world.fresh()}`);
      this.start();
    });
  }

  ask(name: string): void {
    const id = requestId(name);
    const request = { id, tries: 0, isAnswered: false };
    this.#open.set(id, request);
    this.#submit(request);
  }

  /** What is not answered must not show, unless it is committed (I10). */
  read(): void {
    for (const id of this.#open.keys()) {
      for (const server of this.#world.pair) this.#world.watcher.onRead(server, id);
    }
  }

  #submit(request: Request): void {
    const server = this.#pick(request);
    if (!server) return this.#askLater(request);
    request.tries++;
    const command: Command = {
      kind: "create-group",
      id: groupId(request.id),
      name: `g-${request.id}`,
      description: "",
    };
    server.run(({ writer }) => {
      void writer
        .submit({ command, actor: admin, requestId: request.id })
        .then((result) => this.#onAnswer(server, request, result));
    });
    this.#world.schedule.after(impatienceMs, () => {
      if (!request.isAnswered && request.tries < 8) this.#submit(request);
    });
  }

  #pick(request: Request): SimServer | undefined {
    const { pair, random } = this.#world;
    const main = this.#world.main();
    const isElsewhere = request.tries > 0 && random.chance(0.4);
    const others = pair.filter((each) => each !== main);
    const other = others.length > 1 ? others[random.below(others.length)] : others[0];
    const server = isElsewhere ? other : main;
    return server?.isAlive ? server : undefined;
  }

  #onAnswer(server: SimServer, request: Request, result: Result<Receipt, Refusal>): void {
    const { watcher, random, faults } = this.#world;
    if (!result.ok) return this.#onRefused(request, result.error);
    watcher.onAnswered(server, request.id, result.value.seq);
    if (random.chance(faults.lostAnswers)) return this.#askLater(request);
    this.#settle(request);
  }

  #onRefused(request: Request, { code, detail }: Refusal): void {
    const { watcher } = this.#world;
    const isNotNow = code.startsWith("pair.") || notNow.includes(code);
    if (!isNotNow) {
      const rule = request.tries > 1 ? "I11" : "defect";
      watcher.fail(rule, `${request.id} was decided again: ${code} ${detail}`);
    }
    if (code === "pair.unknown-outcome" || request.tries > 1) return this.#askLater(request);
    watcher.onRefused(request.id);
    this.#settle(request);
  }

  #settle(request: Request): void {
    request.isAnswered = true;
    this.#open.delete(request.id);
  }

  #askLater(request: Request): void {
    const { schedule, random } = this.#world;
    if (request.isAnswered || request.tries >= 8) return;
    schedule.after(random.between(10, 3_000), () => {
      if (!request.isAnswered) this.#submit(request);
    });
  }
}

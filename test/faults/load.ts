import { type Answered, type Api, freshRequestId } from "../../scripts/demo/api.ts";
import { type DemoServer, member } from "../../scripts/demo/cast.ts";
import type { Operation, Write } from "./history.ts";

/** Clients that change and look at accounts all at once, and write down what they ask and hear. */

export interface LoadOrder {
  readonly servers: readonly DemoServer[];
  readonly accounts: readonly string[];
  readonly api: Api;
  readonly clients: number;
  /** Makes values unlike those of any other load. */
  readonly name: string;
  readonly seed: number;
}

export interface Load {
  /** Changes acknowledged so far. */
  readonly done: () => number;
  /** Lets all clients finish what they are at; everything that was asked and heard. */
  readonly stop: () => Promise<readonly Operation[]>;
}

/** A client of a substation gives up sooner than a server does. */
const patienceMs = 2_500;
const pauseMostMs = 12;
/** Asked for no longer, a change stays unknown, which the judge bears: a takeover by hand takes 7 s. */
const settleLimitMs = 30_000;
/** Shares of clients that look, that give up when refused, and that stop asking when unanswered. */
const looks = 0.4;
const givesUp = 0.3;
const vanishes = 0.1;

/** Codes by which a server says for certain that it did nothing. */
const refusals = new Set([
  "pair.not-main",
  "pair.fenced",
  "pair.draining",
  "pair.waiting",
  "pair.read-only",
  "disk.full",
  "system.blank",
  "server.unavailable",
  "server.overloaded",
  "server.stopping",
]);

/** Codes by which it says that it cannot know. */
const openOutcomes = new Set([
  "pair.unknown-outcome",
  "request.outcome-unknown",
  "request.timed-out",
]);

export function startLoad(order: LoadOrder): Load {
  const progress = { done: 0, isStopping: false };
  const clients = Array.from({ length: order.clients }, (_, index) => {
    return new Client(order, index, progress).run();
  });
  const heard = Promise.all(clients);
  heard.catch(() => undefined); // Told by `stop`.
  return {
    done: () => progress.done,
    stop: async () => {
      progress.isStopping = true;
      return (await heard).flat();
    },
  };
}

/** Numbers between 0 and 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Progress {
  done: number;
  isStopping: boolean;
}

class Client {
  readonly #order: LoadOrder;
  readonly #index: number;
  readonly #progress: Progress;
  readonly #api: Api;
  readonly #random: () => number;
  readonly #heard: Operation[] = [];
  #server = 0;
  #count = 0;

  constructor(order: LoadOrder, index: number, progress: Progress) {
    this.#order = order;
    this.#index = index;
    this.#progress = progress;
    this.#api = order.api;
    this.#random = randomFrom(order.seed * 1_000 + index);
  }

  async run(): Promise<readonly Operation[]> {
    while (!this.#progress.isStopping) {
      const { accounts } = this.#order;
      const account = accounts[Math.floor(this.#random() * accounts.length)] ?? "";
      await (this.#random() < looks ? this.#look(account) : this.#change(account));
      await pause(this.#random() * pauseMostMs);
    }
    return this.#heard;
  }

  async #look(account: string): Promise<void> {
    const invokedAt = performance.now();
    const server = this.#current();
    const answered = await this.#api.call(server.url, {
      method: "GET",
      path: `/v1/accounts/${account}`,
      timeoutMs: patienceMs,
    });
    const value = member(answered?.body, "data", "display_name");
    if (typeof value !== "string") return this.#turnAway();
    this.#heard.push({
      kind: "read",
      client: this.#index,
      account,
      value,
      server: server.name,
      isMain: member(answered?.body, "meta", "duty") === "main",
      invokedAt,
      endedAt: performance.now(),
    });
  }

  async #change(account: string): Promise<void> {
    const { name } = this.#order;
    const value = `${account} ${name} ${this.#index} ${this.#count++}`;
    const asked = { kind: "write", client: this.#index, account, value } as const;
    const requestId = freshRequestId();
    const invokedAt = performance.now();
    const verdict = await this.#settle({ account, value, requestId });
    const isCertain = verdict.outcome !== "unknown";
    const endedAt = isCertain ? performance.now() : null;
    this.#heard.push({ ...asked, requestId, invokedAt, endedAt, ...verdict });
    if (verdict.outcome === "done") this.#progress.done++;
  }

  /** Asks one server after the other, under one request id, until one says for certain. */
  async #settle(change: {
    readonly account: string;
    readonly value: string;
    readonly requestId: string;
  }): Promise<Pick<Write, "outcome" | "sequence" | "refusal">> {
    const { requestId } = change;
    const path = `/v1/accounts/${change.account}`;
    const body = { display_name: change.value };
    const limit = performance.now() + settleLimitMs;
    let isOpen = false;
    while (performance.now() < limit) {
      const order = { method: "PATCH", path, body, requestId, timeoutMs: patienceMs };
      const answered = await this.#api.call(this.#current().url, order);
      const sequence = member(answered?.body, "data", "sequence");
      if (typeof sequence === "number") return { outcome: "done", sequence, refusal: null };
      const refusal = certainRefusal(answered);
      isOpen ||= refusal === null;
      const isRefused = !isOpen && this.#random() < givesUp;
      if (isRefused) return { outcome: "failed", sequence: null, refusal };
      if (isOpen && this.#random() < vanishes) break;
      this.#turnAway();
      await pause(20 + this.#random() * 40);
    }
    return { outcome: "unknown", sequence: null, refusal: null };
  }

  #current(): DemoServer {
    const server = this.#order.servers[this.#server];
    if (!server) throw new Error("a load needs a server");
    return server;
  }

  #turnAway(): void {
    this.#server = (this.#server + 1) % this.#order.servers.length;
  }
}

/** The code of a refusal that is certain; null where the change may be done or not. */
function certainRefusal(answered: Answered | null): string | null {
  const code = member(answered?.body, "error", "code");
  if (typeof code !== "string" || openOutcomes.has(code)) return null;
  if (refusals.has(code)) return code;
  throw new Error(`no load should hear this: ${JSON.stringify(answered)}`);
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

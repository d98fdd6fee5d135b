import type { Bytes } from "@gridward/core/base/bytes";
import type { NodeId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import type { Millis } from "@gridward/core/base/time";
import type { ChangeOrder } from "@gridward/core/domain/command";
import { findAnswer } from "@gridward/core/domain/decide";
import { isPassed } from "@gridward/core/domain/parse-order";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import { askerOf } from "@gridward/core/domain/tables";
import { frameBytesMax } from "@gridward/runtime/link/peer";
import type { Receipt } from "../parts.ts";
import { encodePassOn, type SubmittedFrame } from "./pass-on-frame.ts";

/** One connection to a partner; once it has ended it stays so. */
export interface Route {
  readonly send: (frame: Bytes) => Promise<void>;
  readonly isOpen: () => boolean;
}

export interface PassOnParts {
  /** The Main that this Standby follows and hears now; null: none can be reached. */
  readonly main: () => NodeId | null;
  /** The Main was not heard for so long that answers here are not fresh; it is succeeded later. */
  readonly isSilent: (main: NodeId) => boolean;
  /** What is committed here. */
  readonly state: () => DirectoryState;
  readonly committedSeq: () => number;
  readonly route: (to: NodeId) => Route;
  readonly monotonic: () => Millis;
  /** Runs it after what is under way. */
  readonly soon: (work: () => void) => void;
}

interface Waiting {
  readonly to: NodeId;
  readonly frame: Bytes;
  readonly order: ChangeOrder;
  readonly since: Millis;
  readonly answer: (outcome: Result<Receipt, Refusal>) => void;
  route: Route;
  /** Sent once more: what is refused now may have been done when it was sent first. */
  isAgain: boolean;
  /** The Main's answer, and when it came: shown as soon as the change is seen here. */
  done: { readonly receipt: Receipt; readonly at: Millis } | null;
}

/** Changes under way to the Main; beyond it this server is overloaded and says so. */
export const passedOnMost = 256;

/** A little more than the Main itself lets a change wait. */
const patienceMs = 20_000;

/** How long an acknowledged change may take to be seen here before its answer is given anyway. */
const visibleWithinMs = 2_000;

/**
 * The Standby's side of passing changes on (HS17). The Main decides; here a change is answered when
 * the Main confirmed it and when it can be read here, so that whoever made it sees it.
 */
export class PassOn {
  readonly #parts: PassOnParts;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #isLooking = false;

  constructor(parts: PassOnParts) {
    this.#parts = parts;
  }

  async submit(order: ChangeOrder): Promise<Result<Receipt, Refusal>> {
    const before = findAnswer(this.#parts.state(), order.requestId);
    if (before) {
      if (before.by !== askerOf(order.actor)) return refuse("request.id-taken", order.requestId);
      return ok({ seq: before.seq, answer: before.answer });
    }
    const { command, actor, requestId } = order;
    if (!isPassed(command)) return refuse("pair.not-main", "only the Main takes this");
    const to = this.#parts.main();
    if (to === null) return refuse("pair.not-main", "this Standby cannot reach the Main");
    if (this.#waiting.size >= passedOnMost) {
      return refuse("server.overloaded", "too many changes are passed on");
    }
    const id = this.#nextId++;
    const frame = encodePassOn({ kind: "submit", id, submission: { command, actor, requestId } });
    if (frame.length > frameBytesMax) {
      return refuse("request.too-large", `${frame.length} bytes to pass on`);
    }
    return this.#ask(id, { to, frame, order });
  }

  /** An answer of the Main; what nobody waits for any more is nobody's. */
  take(from: NodeId, { id, outcome }: SubmittedFrame): void {
    const waiting = this.#waiting.get(id);
    if (waiting?.to !== from || waiting.done !== null) return;
    if (!outcome.ok) return this.#end(id, waiting, waiting.isAgain ? unknown(waiting) : outcome);
    waiting.done = { receipt: outcome.value, at: this.#parts.monotonic() };
    this.#look(id, waiting);
  }

  /** Called after every event of the pair, a tick at least. */
  look(): void {
    if (this.#isLooking || this.#waiting.size === 0) return;
    this.#isLooking = true;
    // Not before another connection may have taken the place of one that ended.
    this.#parts.soon(() => {
      this.#isLooking = false;
      for (const [id, waiting] of this.#waiting) this.#look(id, waiting);
    });
  }

  async #ask(
    id: number,
    asked: Pick<Waiting, "to" | "frame" | "order">,
  ): Promise<Result<Receipt, Refusal>> {
    return new Promise((answer) => {
      const route = this.#parts.route(asked.to);
      const since = this.#parts.monotonic();
      this.#waiting.set(id, { ...asked, since, answer, route, isAgain: false, done: null });
      void route.send(asked.frame);
    });
  }

  #look(id: number, waiting: Waiting): void {
    const { done, since, route } = waiting;
    const at = this.#parts.monotonic();
    if (done !== null) {
      const isSeen = done.receipt.seq <= this.#parts.committedSeq();
      if (isSeen || at - done.at >= visibleWithinMs) this.#end(id, waiting, ok(done.receipt));
      return;
    }
    const isLost = !route.isOpen() && !this.#takeOtherRoute(waiting);
    // Ended before a silent Main is succeeded: what that one does alone is not done here as well.
    if (isLost || this.#parts.isSilent(waiting.to) || at - since >= patienceMs) {
      this.#end(id, waiting, unknown(waiting));
    }
  }

  /** The same request again over the connection that is left: it is carried out once. */
  #takeOtherRoute(waiting: Waiting): boolean {
    const route = this.#parts.route(waiting.to);
    if (!route.isOpen()) return false;
    waiting.route = route;
    waiting.isAgain = true;
    void route.send(waiting.frame);
    return true;
  }

  #end(id: number, { answer }: Waiting, outcome: Result<Receipt, Refusal>): void {
    this.#waiting.delete(id);
    answer(outcome);
  }
}

/** It may have arrived, and be done: only a retry can tell. */
function unknown({ order }: Waiting): Result<never, Refusal> {
  return refuse("pair.unknown-outcome", order.requestId);
}

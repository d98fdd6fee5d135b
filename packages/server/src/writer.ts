import type { RequestId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Instant } from "@gridward/core/base/time";
import type { Command, Submission } from "@gridward/core/domain/command";
import { decide, findAnswer } from "@gridward/core/domain/decide";
import type { EntryContent } from "@gridward/core/domain/entry";
import type { Closed } from "@gridward/core/domain/pair/accepts";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import { askerOf } from "@gridward/core/domain/tables";
import type { Actor, RequestRow } from "@gridward/core/domain/types";
import type { Receipt } from "./parts.ts";

/** One change that somebody waits for. */
interface Waiting {
  readonly command: Command;
  readonly actor: Actor;
  readonly requestId: RequestId;
  readonly since: number;
  readonly answer: (result: Result<Receipt, Refusal>) => void;
}

/** What the writer needs of the server around it. */
export interface WriterParts {
  /** Undefined when changes are taken now; otherwise why not, and whether they may wait for it. */
  readonly closed: () => Closed | undefined;
  readonly prepared: () => DirectoryState;
  readonly committedSeq: () => number;
  readonly now: () => Instant;
  readonly monotonic: () => number;
  /** Runs it after what is under way: changes that arrive together are written together. */
  readonly soon: (work: () => void) => void;
  /** Makes a content the next entry of our term, not yet durable; gives its sequence number. */
  readonly stage: (content: EntryContent) => number;
  /** Makes all that was staged durable in one transaction, or none of it. */
  readonly flush: () => Result<undefined, Refusal>;
}

/** Changes decided and written together: one fsync for all. */
const batchMost = 256;

/** Changes waiting for a place; beyond it the server is overloaded and says so. */
const waitingMost = 4_096;

/** How long a change waits, for its place or for its confirmation, before it is answered anyway. */
const patienceMs = 15_000;

/** The batch under way is not confirmed: a Standby is awaited. */
const behindOthers: Closed = {
  refusal: { code: "pair.waiting", detail: "earlier changes are not confirmed" },
  mayWait: true,
};

/**
 * The one door for writes: decide, make durable here and on the Standby, and only then answer.
 * One batch is under way at a time; what arrives meanwhile rides in the next (group commit).
 */
export class Writer {
  readonly #parts: WriterParts;
  #queue: Waiting[] = [];
  /** Written and not yet committed, by sequence number. */
  readonly #unconfirmed = new Map<number, Waiting[]>();

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  submit(order: {
    readonly command: Command;
    readonly actor: Actor;
    readonly requestId: RequestId;
  }): Promise<Result<Receipt, Refusal>> {
    if (this.#queue.length >= waitingMost) {
      return Promise.resolve(refuse("server.overloaded", "too many changes wait"));
    }
    return new Promise((answer) => {
      this.#queue.push({ ...order, since: this.#parts.monotonic(), answer });
      this.#parts.soon(() => this.pump());
    });
  }

  /** Called after every event of the pair, a tick at least: writes what may be written now. */
  pump(): void {
    if (this.#unconfirmed.size > 0) this.#endLateWaits();
    if (this.#queue.length === 0) return;
    const closed = this.#parts.closed();
    if (closed) return this.#holdOrRefuse(closed);
    if (this.#unconfirmed.size > 0) return this.#holdOrRefuse(behindOthers);
    const batch = this.#queue.slice(0, batchMost);
    this.#queue = this.#queue.slice(batchMost);
    this.#write(batch);
  }

  /** Everything up to `seq` is confirmed: who waited hears so. */
  confirm(seq: number): void {
    for (const [waitingFor, waiters] of this.#unconfirmed) {
      if (waitingFor > seq) continue;
      this.#unconfirmed.delete(waitingFor);
      for (const waiting of waiters) this.#answerFrom(waiting, waitingFor);
    }
  }

  /** Another server is Main: what was written may or may not be in its journal. */
  abandon(): void {
    const waiters = [...this.#unconfirmed.values()].flat();
    this.#unconfirmed.clear();
    for (const { requestId, answer } of waiters) answer(refuse("pair.unknown-outcome", requestId));
  }

  /** Written and never confirmed in time: only a retry can tell what became of it. */
  #endLateWaits(): void {
    const limit = this.#parts.monotonic() - patienceMs;
    for (const [seq, waiters] of this.#unconfirmed) {
      const late = waiters.filter(({ since }) => since <= limit);
      if (late.length === 0) continue;
      // The number stays until it is confirmed: one batch is under way, whoever still waits for it.
      this.#unconfirmed.set(
        seq,
        waiters.filter(({ since }) => since > limit),
      );
      for (const { requestId, answer } of late) answer(refuse("pair.unknown-outcome", requestId));
    }
  }

  #holdOrRefuse({ refusal, mayWait }: Closed): void {
    const limit = this.#parts.monotonic() - patienceMs;
    const patient = mayWait ? this.#queue.findIndex(({ since }) => since > limit) : -1;
    const refused = this.#queue.splice(0, patient < 0 ? this.#queue.length : patient);
    for (const { answer } of refused) answer(err(refusal));
  }

  #write(batch: readonly Waiting[]): void {
    const staged: [number, Waiting][] = [];
    for (const waiting of batch) {
      const state = this.#parts.prepared();
      const before = findAnswer(state, waiting.requestId);
      if (before) {
        this.#repeat(waiting, before);
        continue;
      }
      const content = this.#decide(state, waiting);
      if (content.ok) staged.push([this.#parts.stage(content.value), waiting]);
      else waiting.answer(content);
    }
    if (staged.length === 0) return this.pump(); // Ends: each round takes from the queue.
    for (const [seq, waiting] of staged) this.#wait(seq, waiting);
    const written = this.#parts.flush();
    if (written.ok) return;
    for (const [seq] of staged) {
      // With whoever repeated the request in the same batch.
      for (const { answer } of this.#unconfirmed.get(seq) ?? []) answer(written);
      this.#unconfirmed.delete(seq);
    }
  }

  #decide(state: DirectoryState, waiting: Waiting): Result<EntryContent, Refusal> {
    const { command, actor, requestId } = waiting;
    const at = this.#parts.now();
    const submission: Submission = { command, actor, at, requestId };
    const decision = decide(state, submission);
    if (!decision.ok) return decision;
    return ok({ at, actor, requestId, kind: command.kind, ...decision.value });
  }

  /** A retry: the first outcome, as soon as that is confirmed (rule I11), and to who asked first. */
  #repeat(waiting: Waiting, { seq, by }: RequestRow): void {
    if (by !== askerOf(waiting.actor)) {
      waiting.answer(refuse("request.id-taken", waiting.requestId));
    } else if (seq <= this.#parts.committedSeq()) this.#answerFrom(waiting, seq);
    else this.#wait(seq, waiting);
  }

  #wait(seq: number, waiting: Waiting): void {
    this.#unconfirmed.set(seq, [...(this.#unconfirmed.get(seq) ?? []), waiting]);
  }

  #answerFrom(waiting: Waiting, seq: number): void {
    const row = findAnswer(this.#parts.prepared(), waiting.requestId);
    if (row) waiting.answer(ok({ seq, answer: row.answer }));
    else waiting.answer(refuse("pair.unknown-outcome", waiting.requestId));
  }
}

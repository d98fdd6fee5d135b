import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import type { NodeId, SystemId } from "@gridward/core/base/identity";
import { second, type Millis } from "@gridward/core/base/time";
import type { ArbiterAnswer } from "@gridward/core/domain/arbiter";
import type { Table } from "@gridward/core/domain/state";
import type { ServerRow, WitnessRow } from "@gridward/core/domain/types";
import {
  decodeReply,
  type KnownServer,
  witnessFrameBytesMax,
  type WitnessRequest,
} from "@gridward/core/domain/witness-message";
import type { LinkOutcome, VerifiedPeer } from "@gridward/runtime/link/peer";
import type { Clock } from "@gridward/runtime/os/clock";

/** What the pair's rules hear of the witness: its answer, or nothing in time. */
export type WitnessAnswer = ArbiterAnswer | { readonly kind: "silent" };

/** How the witness stands, as this server sees it. */
export type WitnessState = "connected" | "silent" | "blank" | "older" | "other-system";

export interface WitnessView {
  readonly witness: WitnessRow;
  readonly state: WitnessState;
  /** Monotonic: since when it stands so. */
  readonly since: Millis;
  /** Highest version of its register that was seen here. */
  readonly seen: number;
  /** Why the last try to reach it failed; null while it is reached. */
  readonly refusal: string | null;
}

export interface WitnessWireParts {
  readonly self: NodeId;
  readonly systemId: () => SystemId | null;
  readonly servers: () => Table<ServerRow>;
  /** Highest version of a witness's register that this server remembers. */
  readonly remembered: () => number;
  readonly dial: (witness: WitnessRow, stop: AbortSignal) => Promise<LinkOutcome>;
  readonly clock: Clock;
  /** Waiting time before the next try, by the number of failures so far. */
  readonly backOff: (failures: number) => Millis;
  readonly note: (text: string) => void;
}

/** An answer that takes longer is none (research §2.6). */
const answerWithin: Millis = 2 * second;
/** How often the register is looked at, so that a silent or blank witness is known beforehand. */
const lookEvery: Millis = 5 * second;
/** A witness that returns must be found before the next failure. */
const backOffMost: Millis = 4 * second;

const silent = { kind: "silent" } as const;

/** One connection to the witness, and who waits for an answer on it. */
interface Line {
  readonly peer: VerifiedPeer;
  readonly waiting: Map<number, (answer: WitnessAnswer) => void>;
  readonly ended: AbortController;
  /** Whom the register named last, and the servers that the witness was told of since. */
  owner: NodeId | undefined;
  introduced: Table<ServerRow> | undefined;
}

/** One witness that is followed, until another row stands in its place. */
interface Followed {
  readonly row: WitnessRow;
  readonly stop: AbortController;
  line: Line | undefined;
  state: WitnessState;
  since: Millis;
  /** Highest version seen: a witness that shows a lower one was put back from an old copy. */
  seen: number;
  refusal: string | null;
}

/**
 * The connection to the witness. Every question is answered once: by the witness, or as `silent`
 * after two seconds, at once where there is no connection.
 */
export class WitnessWire {
  readonly #parts: WitnessWireParts;
  #followed: Followed | undefined;
  #lastId = 0;

  constructor(parts: WitnessWireParts) {
    this.#parts = parts;
  }

  /** The witness of the system as it stands now; cheap when it is the same. */
  follow(row: WitnessRow | undefined): void {
    const before = this.#followed;
    if (before?.row !== row) {
      before?.stop.abort();
      before?.line?.peer.close("another witness");
      this.#followed = row && this.#begin(row);
    }
    this.#introduce();
  }

  get view(): WitnessView | null {
    if (!this.#followed) return null;
    const { row, state, since, seen, refusal } = this.#followed;
    return { witness: row, state, since, seen, refusal };
  }

  async ask(request: WitnessRequest): Promise<WitnessAnswer> {
    const followed = this.#followed;
    const line = followed?.line;
    if (!line) return silent;
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<WitnessAnswer>();
    line.waiting.set(id, resolve);
    void line.peer.send(utf8(JSON.stringify({ id, request })));
    void this.#giveUp(line, id);
    return promise;
  }

  close(): void {
    this.follow(undefined);
  }

  #begin(row: WitnessRow): Followed {
    const since = this.#parts.clock.monotonic();
    const stop = new AbortController();
    const seen = this.#parts.remembered();
    const state = "silent";
    const fresh: Followed = { row, stop, line: undefined, state, since, seen, refusal: null };
    void this.#keepDialling(fresh);
    return fresh;
  }

  async #keepDialling(followed: Followed): Promise<void> {
    const { clock, dial, backOff, note } = this.#parts;
    const { row, stop } = followed;
    let failures = 0;
    while (!stop.signal.aborted) {
      const outcome = await dial(row, stop.signal);
      if (outcome.outcome === "verified") {
        failures = 0;
        followed.refusal = null;
        const reason = await this.#use(followed, outcome.peer);
        note(`link to the witness ended: ${reason}`);
      } else {
        failures++;
        followed.refusal = `${outcome.cause}: ${outcome.ours}; ${outcome.theirs}`;
        if (failures === 1) note(`witness ${row.address}:${row.port}: ${followed.refusal}`);
        this.#stands(followed, "silent");
      }
      await clock.sleep(Math.min(backOff(failures), backOffMost), stop.signal);
    }
  }

  /** Until the connection ends. */
  async #use(followed: Followed, peer: VerifiedPeer): Promise<string> {
    const { stop } = followed;
    const line: Line = {
      peer,
      waiting: new Map(),
      ended: new AbortController(),
      owner: undefined,
      introduced: undefined,
    };
    if (stop.signal.aborted) peer.close("this server stops");
    else followed.line = line;
    peer.onFrame((frame) => this.#onFrame(followed, line, frame));
    void this.#keepLooking(followed, line);
    const reason = await peer.closed;
    line.ended.abort();
    if (followed.line === line) followed.line = undefined;
    for (const answer of line.waiting.values()) answer(silent);
    line.waiting.clear();
    this.#stands(followed, "silent");
    return reason;
  }

  async #keepLooking(followed: Followed, line: Line): Promise<void> {
    const { signal } = line.ended;
    while (!signal.aborted && followed.line === line) {
      await this.ask({ kind: "read" });
      this.#introduce();
      await this.#parts.clock.sleep(lookEvery, signal);
    }
  }

  /** Only the owner of the register is heard, so only a connected Main says who belongs to it. */
  #introduce(): void {
    const line = this.#followed?.line;
    const servers = this.#parts.servers();
    if (!line || line.owner !== this.#parts.self || line.introduced === servers) return;
    line.introduced = servers;
    void this.ask({ kind: "introduce", servers: knownServers(servers) });
  }

  async #giveUp(line: Line, id: number): Promise<void> {
    await this.#parts.clock.sleep(answerWithin, line.ended.signal);
    const answer = line.waiting.get(id);
    if (!answer) return;
    line.waiting.delete(id);
    answer(silent);
    line.peer.close("the witness does not answer");
  }

  #onFrame(followed: Followed, line: Line, frame: Bytes): void {
    const reply = frame.length > witnessFrameBytesMax ? undefined : decodeReply(frame);
    if (reply?.ok !== true) return line.peer.close("not a reply of a witness");
    const { id, answer } = reply.value;
    const judged = this.#judge(followed, answer);
    line.owner = "record" in judged ? judged.record.owner : undefined;
    line.waiting.get(id)?.(judged);
    line.waiting.delete(id);
  }

  /** What of an answer may be believed: never a register that went back. */
  #judge(followed: Followed, answer: ArbiterAnswer): WitnessAnswer {
    if (answer.kind === "blank" || answer.kind === "other-system") {
      this.#stands(followed, answer.kind);
      return answer;
    }
    const { record } = answer;
    if (record.systemId !== this.#parts.systemId()) {
      this.#stands(followed, "other-system");
      return { kind: "other-system" };
    }
    if (record.version < Math.max(followed.seen, this.#parts.remembered())) {
      this.#stands(followed, "older");
      return silent;
    }
    followed.seen = record.version;
    this.#stands(followed, "connected");
    return answer;
  }

  #stands(followed: Followed, state: WitnessState): void {
    if (followed.state === state) return;
    followed.state = state;
    followed.since = this.#parts.clock.monotonic();
  }
}

/** What the witness must know of the servers of a system. */
export function knownServers(servers: Table<ServerRow>): readonly KnownServer[] {
  const known = [...servers.values()].map(({ id, name, pairingKey }) => ({ id, name, pairingKey }));
  return known.toSorted((left, right) => (left.id < right.id ? -1 : 1));
}

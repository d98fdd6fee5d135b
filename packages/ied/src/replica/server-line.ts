import { minute, second, type Instant, type Millis } from "@gridward/core/base/time";
import { costDefault } from "@gridward/core/domain/server-order";
import type { Secret } from "@gridward/core/base/secret";
import type { DeviceSignInAnswer } from "@gridward/core/codec/replica/message";
import type { LinkOutcome, PeerTrust, TlsCause, VerifiedPeer } from "@gridward/runtime/link/peer";
import type { Clock } from "@gridward/runtime/os/clock";
import {
  Conversation,
  type ConversationEvent,
  type ConversationParts,
  type Standing,
} from "./conversation.ts";

/** DV1: a server that does not answer a dial within this is not there. */
export const connectMax: Millis = 2 * second;

/** A server that is connected and does not answer a sign-in within this is passed over. */
const answerMax: Millis = 5 * second;

/** Dials are repeated after a second, then less often; the spread keeps devices from a herd. */
const againFirst: Millis = second;
const againMost: Millis = minute / 2;

export interface LineParts {
  readonly name: string;
  /** Main address first, then the others. */
  readonly addresses: readonly string[];
  /** What it costs to ask this server (CS3); undefined: the usual. */
  readonly cost: number | undefined;
  /** Ends within `connectMax`; a server whose certificate is refused is as good as unreachable. */
  readonly dial: (address: string) => Promise<LinkOutcome>;
  readonly conversation: Omit<ConversationParts, "observe">;
  readonly observe: (seen: LineEvent) => void;
  readonly clock: Clock;
  /** Between 0 and 1. */
  readonly random: () => number;
}

export type LineEvent =
  | ConversationEvent
  | { readonly kind: "online" }
  | { readonly kind: "offline"; readonly cause: string };

export interface LineStatus {
  readonly name: string;
  readonly state: "Online" | "Offline";
  /** Why it is offline; null while online. */
  readonly cause: string | null;
  readonly cost: number;
}

/** The warm connection to one server: kept, and dialled again for as long as the device runs. */
export class ServerLine {
  readonly #parts: LineParts;
  #conversation: Conversation | null = null;
  #isStopping = false;
  /** A connection in place of the one that stands, while it is dialled. */
  #anew: Promise<void> = Promise.resolve();
  #cost: number;
  /** Why it is offline, as far as that is known. */
  #cause: string | null = null;
  /** For what the server refused our certificate at the last dial. */
  #refusedFor: TlsCause | null = null;
  #lastGood: Instant = 0;
  #wasGood = false;
  readonly #waiters: (() => void)[] = [];
  #wake = new AbortController();

  constructor(parts: LineParts) {
    this.#parts = parts;
    this.#cost = parts.cost ?? costDefault;
  }

  get status(): LineStatus {
    const isOnline = this.standing !== null;
    const cause = isOnline ? null : (this.#cause ?? "it has not answered yet");
    const { name } = this.#parts;
    return { name, state: isOnline ? "Online" : "Offline", cause, cost: this.#cost };
  }

  get name(): string {
    return this.#parts.name;
  }

  get cost(): number {
    return this.#cost;
  }

  setCost(cost: number): void {
    this.#cost = cost;
  }

  /** null while this server is none to sign in at. */
  get standing(): Standing {
    return this.#conversation?.standing ?? null;
  }

  get isRevoked(): boolean {
    return this.#conversation?.isRevoked ?? false;
  }

  get refusedFor(): TlsCause | null {
    return this.#refusedFor;
  }

  get lastGood(): Instant {
    return this.#lastGood;
  }

  pull(): void {
    this.#conversation?.pull();
  }

  judgeAgain(trust: PeerTrust): void {
    this.#conversation?.judgeAgain(trust);
  }

  /**
   * Makes the connection anew, with the certificate of now, and only then ends the old one; where
   * the dial fails that stays. False while there is none, or somebody waits for an answer over it.
   */
  async dialAnew(): Promise<boolean> {
    const old = this.#conversation;
    if (old === null || !old.isIdle) return false;
    this.#anew = this.#dialInPlaceOf(old);
    await this.#anew;
    return true;
  }

  async #dialInPlaceOf(old: Conversation): Promise<void> {
    for (const address of this.#parts.addresses) {
      const outcome = await this.#parts.dial(address);
      if (outcome.outcome !== "verified") continue;
      if (this.#isStopping) return outcome.peer.close("the device is stopping");
      this.#converse(outcome.peer);
      return old.close("the connection was made anew");
    }
  }

  async run(stop: AbortSignal): Promise<void> {
    const { clock, random } = this.#parts;
    let again = againFirst;
    stop.addEventListener("abort", () => {
      this.#isStopping = true;
      this.#conversation?.close("the device is stopping");
    });
    while (!stop.aborted) {
      await this.#dialOnce();
      if (stop.aborted) this.#conversation?.close("the device is stopping");
      await this.#untilClosed();
      this.#tellWaiters();
      again = this.#wasGood ? againFirst : Math.min(2 * again, againMost);
      if (stop.aborted) return;
      this.#wake = new AbortController();
      const pause = Math.floor(again * (0.5 + random()));
      await clock.sleep(pause, AbortSignal.any([stop, this.#wake.signal]));
    }
  }

  /** Ends when it is known whether this server is one to sign in at, within `connectMax`. */
  async ready(): Promise<void> {
    if (this.standing !== null) return;
    const done = new AbortController();
    const known = new Promise<void>((resolve) => this.#waiters.push(resolve));
    this.#wake.abort();
    await Promise.race([known, this.#parts.clock.sleep(connectMax, done.signal)]);
    done.abort();
  }

  /** "lost" also when no answer comes in time: the next server is asked then. */
  async signIn(attempt: {
    readonly name: string;
    readonly password: Secret<string>;
    readonly accessPoint: string;
  }): Promise<DeviceSignInAnswer | "lost"> {
    if (this.#conversation === null) return "lost";
    const done = new AbortController();
    const answer = this.#conversation.signIn(attempt);
    const tooLate = this.#lateAfter(answerMax, done.signal);
    const first = await Promise.race([answer, tooLate]);
    done.abort();
    if (first !== "lost") this.#lastGood = this.#parts.clock.now();
    return first;
  }

  async report(content: Parameters<Conversation["report"]>[0]): Promise<boolean> {
    return this.standing !== null && this.#conversation !== null
      ? this.#conversation.report(content)
      : false;
  }

  async #lateAfter(duration: Millis, stop: AbortSignal): Promise<"lost"> {
    await this.#parts.clock.sleep(duration, stop);
    return "lost";
  }

  async #dialOnce(): Promise<void> {
    for (const address of this.#parts.addresses) {
      const outcome = await this.#parts.dial(address);
      const isByThem = outcome.outcome === "refused" && outcome.by === "them";
      this.#refusedFor = isByThem ? outcome.cause : null;
      if (outcome.outcome === "verified") return this.#converse(outcome.peer);
      this.#setOffline(`${outcome.cause} ${outcome.ours}; ${outcome.theirs}`.trim());
    }
  }

  #converse(peer: VerifiedPeer): void {
    const { conversation } = this.#parts;
    this.#cause = null;
    this.#wasGood = false;
    this.#conversation = new Conversation(
      { ...conversation, observe: (seen) => this.#heard(seen) },
      peer,
    );
  }

  #heard(seen: ConversationEvent): void {
    const wasGood = this.#wasGood;
    switch (seen.kind) {
      case "answered":
      case "erased":
        this.#cause = null;
        this.#wasGood = true;
        break;
      case "turned-away":
        this.#cause = `${seen.code}: ${seen.text}`;
        break;
      case "replica-refused":
        this.#cause = `its replica is refused: ${seen.reason}`;
        break;
      case "listed":
      case "list-refused":
        break;
    }
    this.#parts.observe(seen);
    if (this.standing !== null && !wasGood) this.#parts.observe({ kind: "online" });
    if (this.standing !== null) this.#tellWaiters();
  }

  async #untilClosed(): Promise<void> {
    const ended = this.#conversation;
    if (ended === null) return;
    const reason = await ended.closed;
    // The server ends the old connection as soon as there is another one.
    await this.#anew;
    if (this.#conversation !== ended) return this.#untilClosed();
    this.#conversation = null;
    const cause = this.#cause ?? reason;
    this.#cause = cause;
    this.#parts.observe({ kind: "offline", cause });
  }

  #tellWaiters(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  #setOffline(cause: string): void {
    const isNews = this.#cause !== cause;
    this.#cause = cause;
    if (isNews) this.#parts.observe({ kind: "offline", cause });
  }
}

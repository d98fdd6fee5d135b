import type { NodeId } from "@gridward/core/base/identity";
import { second, type Millis } from "@gridward/core/base/time";
import { isTlsCauseCode } from "@gridward/core/domain/tls-cause";
import type { LinkOutcome } from "@gridward/runtime/link/peer";
import type { Clock } from "@gridward/runtime/os/clock";
import {
  type DialFrame,
  type DialRefusal,
  encodeDialFrame,
  isDialFrame,
  parseDialFrame,
} from "./dial-frame.ts";
import { isConflict } from "./direction.ts";
import type { OtherFrame, PartnerWire } from "./partner-wire.ts";
import type { Route } from "./pass-on.ts";

export interface DialCheckParts {
  readonly wire: Pick<PartnerWire, "tryDial" | "noteRefused" | "directions" | "links">;
  readonly route: (to: NodeId) => Route;
  /** It was heard after that time, over the link of now, and follows on it. */
  readonly follows: (to: NodeId, since: Millis) => boolean;
  /** A dial that is a trial under this token: what comes of it is let go again (CS11). */
  readonly dialInTrial: (to: NodeId, token: string) => Promise<LinkOutcome>;
  readonly clock: Clock;
}

/** A dial takes 5 s at most to each of the two addresses of a server. */
const patience: Millis = 11 * second;

/** What was on its way when the link ended comes over the new one soon, or not at all. */
const patienceWithoutLink: Millis = second;
const lookEvery: Millis = second / 4;

const lookSoon: Millis = 20;

/** What a new connection replaced ends within its second for the last words (link/limits.ts). */
const patienceWithReplaced: Millis = 2 * second;

/** Orders under way at once that ask for it. */
const waitingMost = 16;

/** How a dial of the partner's ended, as it saw it; null: verified by both. */
export type Told = DialRefusal | null | "silent";

/** HS6: are both dial directions of a link accepted? Ours we try, the other the partner does. */
export class DialCheck {
  readonly #parts: DialCheckParts;
  readonly #waiting = new Map<
    number,
    { readonly to: NodeId; readonly done: (told: Told) => void }
  >();
  /** Dials that partners asked for and that are under way. */
  readonly #dialling = new Map<NodeId, Promise<LinkOutcome>>();
  /** Who asked for a trial that is under way: one at a time. */
  readonly #trials = new Set<NodeId>();
  /** Checks of both directions that are under way. */
  readonly #checking = new Map<NodeId, Promise<boolean>>();
  #nextId = 1;

  constructor(parts: DialCheckParts) {
    this.#parts = parts;
  }

  /**
   * Both handshakes made at this moment; what comes of them is shown as the directions. Who asks
   * meanwhile gets the same answer: other dials would end the link that a changeover goes over.
   */
  async tryBoth(to: NodeId): Promise<boolean> {
    const underWay = this.#checking.get(to);
    if (underWay !== undefined) return underWay;
    const checking = this.#tryBoth(to).finally(() => this.#checking.delete(to));
    this.#checking.set(to, checking);
    return checking;
  }

  async #tryBoth(to: NodeId): Promise<boolean> {
    const { wire, clock } = this.#parts;
    const before = wire.links(to);
    // One after the other: each new connection ends the one before it, the answer's among them.
    if (!(await this.isCalledBack(to))) return false;
    const { outcome } = await wire.tryDial(to);
    if (outcome !== "verified") return false;
    // What is said next must not go out over a connection that is about to end.
    const ended = new AbortController();
    void Promise.all(before.map(({ closed }) => closed)).then(() => ended.abort());
    await clock.sleep(patienceWithReplaced, ended.signal);
    await this.#waitUntilFollowing(to);
    return true;
  }

  /** Whose link was replaced takes up the next one first: until then it refuses every duty. */
  async #waitUntilFollowing(to: NodeId): Promise<void> {
    const { follows, clock } = this.#parts;
    const since = clock.monotonic();
    for (let left = patienceWithReplaced; left > 0 && !follows(to, since); left -= lookSoon) {
      await clock.sleep(lookSoon);
    }
  }

  /**
   * The verdicts that the link has, for a server that is too slow for a handshake: one direction
   * passed, and no certificate was refused. Not yet tried, or not reached, is no refusal.
   */
  areGoodEnough(to: NodeId): boolean {
    const { dial, accept } = this.#parts.wire.directions(to);
    const hasPassed = dial.verdict === "ok" || accept.verdict === "ok";
    return hasPassed && !isConflict(dial) && !isConflict(accept);
  }

  /** Undefined: no frame of this conversation; false closes the link. */
  take({ from, json, reply }: OtherFrame): boolean | undefined {
    if (!isDialFrame(json)) return undefined;
    const frame = parseDialFrame(json);
    if (!frame.ok) return false;
    if (frame.value.kind === "dial-ask") {
      const { id, trial } = frame.value;
      if (trial === undefined) void this.#answer(from, id, reply);
      else void this.#answerTrial({ from, id, token: trial }, reply);
    } else this.#hear(from, frame.value);
    return true;
  }

  #hear(from: NodeId, { id, refused }: DialFrame & { readonly kind: "dial-told" }): void {
    const waiting = this.#waiting.get(id);
    if (waiting?.to === from) waiting.done(refused);
  }

  /** Over the connection just made: the one that brought the question ends with it. */
  async #answer(from: NodeId, id: number, reply: OtherFrame["reply"]): Promise<void> {
    const dialling = this.#dialling.get(from) ?? this.#parts.wire.tryDial(from);
    this.#dialling.set(from, dialling);
    const outcome = await dialling;
    this.#dialling.delete(from);
    if (outcome.outcome === "verified") {
      await outcome.peer.send(encodeDialFrame({ kind: "dial-told", id, refused: null }));
      return;
    }
    reply(encodeDialFrame({ kind: "dial-told", id, refused: refusalOf(outcome) }));
  }

  async #answerTrial(
    { from, id, token }: { readonly from: NodeId; readonly id: number; readonly token: string },
    reply: OtherFrame["reply"],
  ): Promise<void> {
    if (this.#trials.has(from)) return;
    this.#trials.add(from);
    const outcome = await this.#parts.dialInTrial(from, token);
    this.#trials.delete(from);
    if (outcome.outcome === "verified") outcome.peer.close("a trial");
    const refused = outcome.outcome === "verified" ? null : refusalOf(outcome);
    reply(encodeDialFrame({ kind: "dial-told", id, refused }));
  }

  /** Asks the partner for a dial that is a trial; nothing is noted of it. */
  async askInTrial(to: NodeId, token: string): Promise<Told> {
    return this.#ask(to, token);
  }

  /** Asks the partner to dial this server now. False: it was refused, or does not answer. */
  async isCalledBack(to: NodeId): Promise<boolean> {
    const told = await this.#ask(to);
    if (told === null) return true;
    if (told !== "silent") this.#note(to, told);
    return false;
  }

  /** Its facts are ours the other way round; what we saw ourselves says more. */
  #note(to: NodeId, { cause, by, ours, theirs }: DialRefusal): void {
    const { wire } = this.#parts;
    const { accept } = wire.directions(to);
    if (accept.verdict === "refused" && accept.cause === cause) return;
    wire.noteRefused(to, {
      outcome: "refused",
      cause,
      by: by === "us" ? "them" : "us",
      direction: "accept",
      ours: theirs,
      theirs: ours,
      fromPartner: true,
      address: "",
    });
  }

  async #tire(way: Route, answered: AbortSignal): Promise<Told> {
    let left = patience;
    while (left > 0 && !answered.aborted) {
      await this.#parts.clock.sleep(lookEvery, answered);
      left = way.isOpen() ? left - lookEvery : Math.min(left, patienceWithoutLink) - lookEvery;
    }
    return "silent";
  }

  async #ask(to: NodeId, trial?: string): Promise<Told> {
    const { route } = this.#parts;
    const way = route(to);
    if (!way.isOpen() || this.#waiting.size >= waitingMost) return "silent";
    const id = this.#nextId++;
    const answered = new AbortController();
    const told = new Promise<Told>((done) => {
      this.#waiting.set(id, { to, done });
      void way.send(encodeDialFrame({ kind: "dial-ask", id, trial }));
    });
    const late = this.#tire(way, answered.signal);
    const outcome = await Promise.race([told, late]);
    answered.abort();
    this.#waiting.delete(id);
    return outcome;
  }
}

function refusalOf({
  cause,
  by,
  ours,
  theirs,
}: Extract<LinkOutcome, { readonly outcome: "refused" }>): DialRefusal {
  return { cause: isTlsCauseCode(cause) ? cause : "T17", by, ours, theirs };
}

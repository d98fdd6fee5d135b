import { type Bytes, decodeUtf8, utf8 } from "@gridward/core/base/bytes";
import type { NodeId } from "@gridward/core/base/identity";
import { parseJsonText } from "@gridward/core/base/json";
import type { Result } from "@gridward/core/base/result";
import { minute, type Millis } from "@gridward/core/base/time";
import type { PairEvent } from "@gridward/core/domain/pair/event";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import { frameBytesMax, type LinkOutcome, type VerifiedPeer } from "@gridward/runtime/link/peer";
import type { Clock } from "@gridward/runtime/os/clock";
import type { FirstPassFrame } from "./copy-from-main.ts";
import { bad, type Direction, good, isConflict, untried } from "./direction.ts";
import { encodeTurn, Heard, isTurn } from "./heard.ts";

/** A frame of another conversation than the pair's own, and the connection to answer over. */
export interface OtherFrame {
  readonly from: NodeId;
  readonly json: unknown;
  readonly reply: (frame: Bytes) => void;
}

/** Which of a partner's two addresses: they are tried in this order (HS15). */
export type Way = "main" | "backup";

interface Connections {
  /** Raised when it is no partner any more. */
  readonly end: AbortController;
  dialled: VerifiedPeer | undefined;
  /** Over which address that goes. */
  way: Way;
  accepted: VerifiedPeer | undefined;
  /** The one we send on, kept until it ends so that order holds. */
  sending: VerifiedPeer | undefined;
  readonly heard: Heard;
  dial: Direction;
  accept: Direction;
  /** When it was turned away last. */
  refusedAt: Millis;
  isDialled: boolean;
  /** Ends the pause before the next try. */
  pause: AbortController;
  /** Tries since the last good dial. */
  failures: number;
}

export interface PartnerWireParts {
  /** Names this start of the program; another start has another. */
  readonly run: string;
  readonly dial: (partner: NodeId, way: Way) => Promise<LinkOutcome>;
  readonly hasBackup: (partner: NodeId) => boolean;
  readonly deliver: (event: PairEvent) => void;
  readonly parse: (json: unknown) => Result<PairMessage, string>;
  /** Frames of a first pass; false closes the link. */
  readonly takeFirstPass: (frame: FirstPassFrame) => boolean;
  /** Frames of other conversations; undefined: it is of none of them, false closes the link. */
  readonly takeOther: (frame: OtherFrame) => boolean | undefined;
  /** A connection that may have carried a first pass has ended. */
  readonly onClosed: (link: object) => void;
  readonly isFirstPass: (text: string) => boolean;
  readonly clock: Clock;
  /** Waiting time before the next try, by the number of failures so far. */
  readonly backOff: (failures: number) => Millis;
  readonly note: (text: string) => void;
}

/** While a link goes over the backup address, the main one is tried this often. */
const mainRetryMs = 30_000;

/**
 * CS9: a partner that answers and refuses is asked again this often, so that what was changed at
 * either end, or by time alone, heals in seconds.
 */
const conflictRetry: Millis = 5_000;

/** Whoever is turned away tries again within a minute: one that does not for so long is gone. */
const refusalStands: Millis = 2 * minute;

/**
 * The connections to the partners. Both servers dial, so both directions are tried all the time;
 * each sends on one connection until that ends, which keeps its messages in order.
 */
export class PartnerWire {
  readonly #parts: PartnerWireParts;
  readonly #partners = new Map<NodeId, Connections>();
  readonly #stop = new AbortController();
  /** Connections that were sent on so far, to whomever. */
  #turns = 0;

  constructor(parts: PartnerWireParts) {
    this.#parts = parts;
  }

  /** Partners that are not dialled yet are from now on. */
  setPartners(ids: readonly NodeId[]): void {
    for (const id of ids) {
      const connections = this.#connections(id);
      if (connections.isDialled) continue; // It may have called us before we knew whom to call.
      connections.isDialled = true;
      void this.#keepDialling(id);
    }
  }

  /** All others are no servers of the system any more: their connections are closed at once. */
  keepOnly(ids: readonly NodeId[], reason: string): void {
    for (const [id, { end, dialled, accepted, sending }] of this.#partners) {
      if (ids.includes(id)) continue;
      this.#partners.delete(id);
      end.abort();
      dialled?.close(reason);
      accepted?.close(reason);
      if (sending) this.#parts.deliver({ kind: "link-down", peer: id });
      this.#parts.deliver({ kind: "partner-removed", peer: id });
    }
  }

  /** A connection that a partner opened and that both sides judged `ok`. */
  accept(peer: VerifiedPeer): void {
    if (peer.name.kind !== "server") return peer.close("not a server");
    const id = peer.name.node;
    const connections = this.#connections(id);
    connections.accepted?.close("replaced by a newer connection");
    connections.accepted = peer;
    connections.accept = good(peer);
    connections.pause.abort(); // It believes us now, whatever it said before.
    this.#adopt(id, peer);
  }

  /** A try by the partner that ended in a refusal; strangers never get here. */
  noteRefused(id: NodeId, outcome: LinkOutcome & { readonly outcome: "refused" }): void {
    const connections = this.#connections(id);
    connections.refusedAt = this.#parts.clock.monotonic();
    connections.accept = bad(outcome, connections.refusedAt, connections.accept);
  }

  send(to: NodeId, message: PairMessage): void {
    const frame = utf8(JSON.stringify(message));
    if (frame.length <= frameBytesMax) {
      void this.#partners.get(to)?.sending?.send(frame);
    } else if (message.kind === "entries" && message.entries.length > 1) {
      const middle = Math.ceil(message.entries.length / 2);
      this.send(to, { ...message, entries: message.entries.slice(0, middle) });
      this.send(to, { ...message, entries: message.entries.slice(middle) });
    } else this.#parts.note(`a message of ${frame.length} bytes to ${to} fits in no frame`);
  }

  /** The connection of now and no later one: what is sent in pieces does not go on elsewhere. */
  route(to: NodeId): {
    readonly send: (frame: Bytes) => Promise<void>;
    readonly isOpen: () => boolean;
  } {
    const peer = this.#partners.get(to)?.sending;
    const isOpen = (): boolean => peer !== undefined && this.#partners.get(to)?.sending === peer;
    return { isOpen, send: async (frame) => (isOpen() ? peer?.send(frame) : undefined) };
  }

  /** The connections to it that there are now. */
  links(id: NodeId): readonly VerifiedPeer[] {
    const { dialled, accepted, sending } = this.#partners.get(id) ?? {};
    return [dialled, accepted, sending].filter((peer) => peer !== undefined);
  }

  directions(id: NodeId): { readonly dial: Direction; readonly accept: Direction } {
    const { dial, accept, refusedAt } = this.#partners.get(id) ?? { ...untried, refusedAt: 0 };
    const isOver = this.#parts.clock.monotonic() - refusedAt > refusalStands;
    return { dial, accept: accept.verdict === "refused" && isOver ? untried.accept : accept };
  }

  /** Over which of its addresses this server has dialled a partner; null: over none now. */
  dialledOver(id: NodeId): { readonly address: string; readonly way: Way } | null {
    const { dialled, way } = this.#partners.get(id) ?? { dialled: undefined, way: "main" };
    return dialled === undefined ? null : { address: dialled.address, way };
  }

  /**
   * Dials once more, now: the check before a changeover (HS6). What comes of it is the connection
   * from now on, as the partner lets go of the one before.
   */
  async tryDial(id: NodeId): Promise<LinkOutcome> {
    const connections = this.#connections(id);
    const { outcome, way } = await this.#dialInOrder(id);
    if (outcome.outcome === "verified") this.#useDialled(id, outcome.peer, way);
    else connections.dial = bad(outcome, this.#parts.clock.monotonic(), connections.dial);
    return outcome;
  }

  /** What was judged under other settings says nothing: until a try, the verdicts are unknown. */
  forgetVerdicts(id: NodeId): void {
    Object.assign(this.#connections(id), { ...untried, refusedAt: 0 });
  }

  /** Ends the connection of one direction: it would not be taken any more (CS8). */
  drop(id: NodeId, direction: "dial" | "accept", reason: string): void {
    const { dialled, accepted } = this.#connections(id);
    (direction === "dial" ? dialled : accepted)?.close(reason);
  }

  closeAll(reason: string): void {
    this.#stop.abort();
    for (const { dialled, accepted } of this.#partners.values()) {
      dialled?.close(reason);
      accepted?.close(reason);
    }
  }

  #connections(id: NodeId): Connections {
    const known = this.#partners.get(id);
    if (known) return known;
    const fresh: Connections = {
      end: new AbortController(),
      dialled: undefined,
      way: "main",
      accepted: undefined,
      sending: undefined,
      heard: new Heard(),
      ...untried,
      refusedAt: 0,
      isDialled: false,
      pause: new AbortController(),
      failures: 0,
    };
    this.#partners.set(id, fresh);
    return fresh;
  }

  /** A refusal is a sign of life; T17 is the network's word, not the partner's. */
  #noteAnswer(
    id: NodeId,
    { cause, fromPartner }: Extract<LinkOutcome, { outcome: "refused" }>,
  ): void {
    if (cause !== "T17" && fromPartner) this.#parts.deliver({ kind: "partner-answered", peer: id });
  }

  async #keepDialling(id: NodeId): Promise<void> {
    const { clock, backOff } = this.#parts;
    const connections = this.#connections(id);
    const stop = AbortSignal.any([this.#stop.signal, connections.end.signal]);
    while (!stop.aborted) {
      const { outcome, way } = await this.#dialInOrder(id);
      if (connections.end.signal.aborted) return refuseLate(outcome);
      if (outcome.outcome === "verified") {
        connections.failures = 0;
        this.#useDialled(id, outcome.peer, way);
        if (way === "backup") await this.#returnToMain(id, outcome.peer);
        await this.#lastDialled(id);
      } else {
        connections.dial = bad(outcome, clock.monotonic(), connections.dial);
        this.#noteAnswer(id, outcome);
        connections.failures++;
      }
      connections.pause = new AbortController();
      const ends = AbortSignal.any([stop, connections.pause.signal]);
      const pause = backOff(connections.failures);
      await clock.sleep(
        isConflict(connections.dial) ? Math.min(pause, conflictRetry) : pause,
        ends,
      );
    }
  }

  /** Ends with the connection that was dialled, and with whatever took its place meanwhile. */
  async #lastDialled(id: NodeId): Promise<void> {
    const dialled = this.#partners.get(id)?.dialled;
    await dialled?.closed;
    const now = this.#partners.get(id)?.dialled;
    if (now !== undefined && now !== dialled) await this.#lastDialled(id);
  }

  /** The main address first; what is told of a failure is what that one ended in. */
  async #dialInOrder(id: NodeId): Promise<{ readonly outcome: LinkOutcome; readonly way: Way }> {
    const { dial, hasBackup } = this.#parts;
    const outcome = await dial(id, "main");
    if (outcome.outcome === "verified" || !hasBackup(id) || this.#stop.signal.aborted) {
      return { outcome, way: "main" };
    }
    const other = await dial(id, "backup");
    return other.outcome === "verified"
      ? { outcome: other, way: "backup" }
      : { outcome, way: "main" };
  }

  #useDialled(id: NodeId, peer: VerifiedPeer, way: Way): void {
    const connections = this.#partners.get(id);
    if (!connections) return peer.close(noPartner);
    connections.dialled = peer;
    connections.way = way;
    connections.dial = good(peer);
    this.#adopt(id, peer);
  }

  /** Ends when the link over the backup has ended: by itself, or because the main one is back. */
  async #returnToMain(id: NodeId, backup: VerifiedPeer): Promise<void> {
    const { clock, dial } = this.#parts;
    const ended = new AbortController();
    void backup.closed.then(() => ended.abort());
    const stop = AbortSignal.any([ended.signal, this.#stop.signal]);
    while (!stop.aborted) {
      await clock.sleep(mainRetryMs, stop);
      if (stop.aborted) return;
      const outcome = await dial(id, "main");
      if (outcome.outcome !== "verified") continue;
      this.#useDialled(id, outcome.peer, "main");
      backup.close("the main address answers again");
    }
  }

  /** From here on its frames are read, and it carries ours if nothing else does. */
  #adopt(id: NodeId, peer: VerifiedPeer): void {
    if (this.#stop.signal.aborted) return peer.close("this server stops");
    let isHeeded = true; // What follows a frame that ended the connection is not read.
    peer.onFrame((frame) => {
      if (isHeeded) isHeeded = this.#onFrame(id, peer, frame);
    });
    void peer.closed.then((reason) => this.#onClosed(id, peer, reason));
    if (!this.#connections(id).sending) this.#sendOn(id, peer);
  }

  #sendOn(id: NodeId, peer: VerifiedPeer): void {
    this.#connections(id).sending = peer;
    this.#turns++;
    void peer.send(encodeTurn(this.#parts.run, this.#turns));
    this.#parts.deliver({ kind: "link-up", peer: id });
  }

  #onClosed(id: NodeId, peer: VerifiedPeer, reason: string): void {
    this.#parts.onClosed(peer);
    const connections = this.#partners.get(id);
    if (!connections) return;
    if (connections.accepted === peer) connections.accepted = undefined;
    if (connections.dialled === peer) connections.dialled = undefined;
    if (connections.sending !== peer) return;
    this.#parts.note(`link to ${id} ended: ${reason}`);
    connections.sending = undefined;
    this.#parts.deliver({ kind: "link-down", peer: id });
    const other = connections.dialled ?? connections.accepted;
    if (other) this.#sendOn(id, other);
  }

  /** False: the frame was not one of ours, and its connection is being closed. */
  #onFrame(id: NodeId, peer: VerifiedPeer, frame: Bytes): boolean {
    const fault = this.#partners.has(id) ? this.#takeFrame(id, peer, frame) : noPartner;
    if (fault !== null) peer.close(fault);
    return fault === null;
  }

  #takeFrame(from: NodeId, link: VerifiedPeer, frame: Bytes): string | null {
    const text = decodeUtf8(frame);
    if (!text.ok) return text.error;
    if (this.#parts.isFirstPass(text.value)) {
      const piece = { from, link, text: text.value, bytes: frame.length };
      return this.#parts.takeFirstPass(piece) ? null : "bad first pass";
    }
    const json = parseJsonText(text.value);
    if (json === undefined) return "not JSON";
    const { heard } = this.#connections(from);
    if (isTurn(json)) return heard.noteTurn(link, json);
    const reply = (answer: Bytes): void => void link.send(answer);
    const isTaken = this.#parts.takeOther({ from, json, reply });
    if (isTaken !== undefined) return isTaken ? null : "bad frame";
    const message = this.#parts.parse(json);
    if (!message.ok) return `bad message: ${message.error}`;
    const fault = heard.hear(link);
    if (fault === null) {
      this.#parts.deliver({ kind: "message", peer: from, message: message.value });
    }
    return fault;
  }
}

const noPartner = "it is no partner any more";

function refuseLate(outcome: LinkOutcome): void {
  if (outcome.outcome === "verified") outcome.peer.close(noPartner);
}

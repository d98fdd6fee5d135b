import { type Bytes, decodeUtf8, utf8 } from "@gridward/core/base/bytes";
import type { NodeId } from "@gridward/core/base/identity";
import { err, ok, type Result } from "@gridward/core/base/result";
import type { Millis } from "@gridward/core/base/time";
import type { PairEvent } from "@gridward/core/domain/pair/event";
import type { PairMessage } from "@gridward/core/domain/pair/message";
import type { LinkOutcome, VerifiedPeer } from "@gridward/runtime/link/peer";
import type { Clock } from "@gridward/runtime/os/clock";

/** How the last try in one direction ended, for status and for the changeover check. */
export type Direction =
  | { readonly verdict: "not tried" }
  | { readonly verdict: "ok"; readonly fingerprint: string; readonly notAfter: number }
  | {
      readonly verdict: "refused";
      readonly cause: string;
      readonly by: "us" | "them";
      readonly ours: string;
      readonly theirs: string;
      readonly since: Millis;
    };

interface Connections {
  dialled: VerifiedPeer | undefined;
  accepted: VerifiedPeer | undefined;
  /** The one we send on, kept until it ends so that order holds. */
  sending: VerifiedPeer | undefined;
  dial: Direction;
  accept: Direction;
  /** Tries since the last good dial. */
  failures: number;
}

export interface PartnerWireParts {
  readonly dial: (partner: NodeId) => Promise<LinkOutcome>;
  readonly deliver: (event: PairEvent) => void;
  readonly parse: (json: unknown) => Result<PairMessage, string>;
  /** Frames of a first pass; false closes the link. */
  readonly takeFirstPass: (from: NodeId, json: unknown, bytes: number) => boolean;
  readonly isFirstPass: (json: unknown) => boolean;
  readonly clock: Clock;
  /** Waiting time before the next try, by the number of failures so far. */
  readonly backOff: (failures: number) => Millis;
  readonly note: (text: string) => void;
}

/**
 * The connections to the partners. Both servers dial, so both directions are tried all the time;
 * each sends on one connection until that ends, which keeps its messages in order.
 */
export class PartnerWire {
  readonly #parts: PartnerWireParts;
  readonly #partners = new Map<NodeId, Connections>();
  readonly #stop = new AbortController();

  constructor(parts: PartnerWireParts) {
    this.#parts = parts;
  }

  /** Partners that are not dialled yet are from now on. */
  setPartners(ids: readonly NodeId[]): void {
    for (const id of ids) {
      if (this.#partners.has(id)) continue;
      this.#connections(id);
      void this.#keepDialling(id);
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
    this.#adopt(id, peer);
  }

  /** A try by the partner that ended in a refusal; strangers never get here. */
  noteRefused(id: NodeId, outcome: LinkOutcome & { readonly outcome: "refused" }): void {
    this.#connections(id).accept = bad(outcome, this.#parts.clock.monotonic());
  }

  send(to: NodeId, message: PairMessage): void {
    void this.sendText(to, JSON.stringify(message));
  }

  async sendText(to: NodeId, text: string): Promise<void> {
    await this.#partners.get(to)?.sending?.send(utf8(text));
  }

  isOpen(to: NodeId): boolean {
    return this.#partners.get(to)?.sending !== undefined;
  }

  directions(id: NodeId): { readonly dial: Direction; readonly accept: Direction } {
    const { dial, accept } = this.#connections(id);
    return { dial, accept };
  }

  /** Dials once more, now: the check before a changeover (HS6). */
  async tryDial(id: NodeId): Promise<boolean> {
    const outcome = await this.#parts.dial(id);
    if (outcome.outcome === "verified") {
      outcome.peer.close("only a try");
      return true;
    }
    this.#connections(id).dial = bad(outcome, this.#parts.clock.monotonic());
    return false;
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
      dialled: undefined,
      accepted: undefined,
      sending: undefined,
      dial: { verdict: "not tried" },
      accept: { verdict: "not tried" },
      failures: 0,
    };
    this.#partners.set(id, fresh);
    return fresh;
  }

  async #keepDialling(id: NodeId): Promise<void> {
    const { clock, backOff, dial } = this.#parts;
    const connections = this.#connections(id);
    while (!this.#stop.signal.aborted) {
      const outcome = await dial(id);
      if (outcome.outcome === "verified") {
        connections.failures = 0;
        connections.dialled = outcome.peer;
        connections.dial = good(outcome.peer);
        this.#adopt(id, outcome.peer);
        await outcome.peer.closed;
        if (connections.dialled === outcome.peer) connections.dialled = undefined;
      } else {
        connections.dial = bad(outcome, clock.monotonic(), connections.dial);
        connections.failures++;
      }
      await clock.sleep(backOff(connections.failures), this.#stop.signal);
    }
  }

  /** From here on its frames are read, and it carries ours if nothing else does. */
  #adopt(id: NodeId, peer: VerifiedPeer): void {
    if (this.#stop.signal.aborted) return peer.close("this server stops");
    peer.onFrame((frame) => this.#onFrame(id, peer, frame));
    void peer.closed.then((reason) => this.#onClosed(id, peer, reason));
    const connections = this.#connections(id);
    if (connections.sending) return;
    connections.sending = peer;
    this.#parts.deliver({ kind: "link-up", peer: id });
  }

  #onClosed(id: NodeId, peer: VerifiedPeer, reason: string): void {
    const connections = this.#connections(id);
    if (connections.accepted === peer) connections.accepted = undefined;
    if (connections.dialled === peer) connections.dialled = undefined;
    if (connections.sending !== peer) return;
    this.#parts.note(`link to ${id} ended: ${reason}`);
    connections.sending = undefined;
    this.#parts.deliver({ kind: "link-down", peer: id });
    const other = connections.dialled ?? connections.accepted;
    if (!other) return;
    connections.sending = other;
    this.#parts.deliver({ kind: "link-up", peer: id });
  }

  #onFrame(id: NodeId, peer: VerifiedPeer, frame: Bytes): void {
    const json = parseJson(frame);
    if (!json.ok) return peer.close(json.error);
    if (this.#parts.isFirstPass(json.value)) {
      if (!this.#parts.takeFirstPass(id, json.value, frame.length)) peer.close("bad first pass");
      return;
    }
    const message = this.#parts.parse(json.value);
    if (message.ok) this.#parts.deliver({ kind: "message", peer: id, message: message.value });
    else peer.close(`bad message: ${message.error}`);
  }
}

function parseJson(frame: Bytes): Result<unknown, string> {
  const text = decodeUtf8(frame);
  if (!text.ok) return text;
  try {
    const json: unknown = JSON.parse(text.value);
    return ok(json);
  } catch {
    return err("not JSON");
  }
}

function good(peer: VerifiedPeer): Direction {
  return { verdict: "ok", fingerprint: peer.fingerprint, notAfter: peer.certificateNotAfter };
}

/** The first moment of one cause stays the moment since when it stands. */
function bad(
  outcome: LinkOutcome & { readonly outcome: "refused" },
  at: Millis,
  before?: Direction,
): Direction {
  const { cause, by, ours, theirs } = outcome;
  const stands = before?.verdict === "refused" && before.cause === cause;
  return { verdict: "refused", cause, by, ours, theirs, since: stands ? before.since : at };
}

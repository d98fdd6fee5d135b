import type { TLSSocket } from "node:tls";
import type { Bytes } from "@gridward/core/base/bytes";
import { assert } from "@gridward/core/base/result";
import type { Instant, Millis } from "@gridward/core/base/time";
import { encodeFrame, encodeFrameHeader, type FrameReader } from "@gridward/core/codec/link-frame";
import { errorCode } from "../os/files.ts";
import { type Clock, runSoon } from "../os/clock.ts";
import {
  closingFor,
  connectionAgeMax,
  keepAliveAfter,
  queueHighBytes,
  queueLowBytes,
  stalledFor,
} from "./limits.ts";
import { frameBytesMax, type Protocol, type VerifiedPeer } from "./peer.ts";
import type { PeerName } from "./peer-name.ts";
import type { UnverifiedPeer } from "./unverified-peer.ts";

export interface VerifiedFacts {
  readonly protocol: Protocol;
  readonly name: PeerName;
  readonly direction: "dial" | "accept";
  readonly fingerprint: string;
  readonly certificateNotAfter: Instant;
  readonly judgeAgain: VerifiedPeer["judgeAgain"];
  readonly clock: Clock;
}

/** What has arrived is read for so long in one go: then the rest of the process has its turn. */
const readMost: Millis = 100;

/** Frames up to this size go out in one piece with their header. */
const joinedBytesMax = 16 * 1024;

/**
 * A peer that both sides judged `ok`: frames both ways, a bounded queue, an end after a day at the
 * latest. Made in one place only, link/verify.ts (rule LK2).
 */
export class VerifiedLink implements VerifiedPeer {
  readonly protocol: Protocol;
  readonly name: PeerName;
  readonly direction: "dial" | "accept";
  readonly fingerprint: string;
  readonly certificateNotAfter: Instant;
  readonly address: string;
  readonly closed: Promise<string>;
  readonly judgeAgain: VerifiedPeer["judgeAgain"];
  readonly #socket: TLSSocket;
  readonly #reader: FrameReader;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  readonly #tellClosed: (reason: string) => void;
  #reason: string | undefined;
  #listener: ((frame: Bytes) => void) | undefined;
  #waiting: (() => void)[] = [];
  #written = 0;
  #isWatching = false;

  constructor(peer: UnverifiedPeer, facts: VerifiedFacts) {
    const closed = Promise.withResolvers<string>();
    this.protocol = facts.protocol;
    this.name = facts.name;
    this.direction = facts.direction;
    this.fingerprint = facts.fingerprint;
    this.certificateNotAfter = facts.certificateNotAfter;
    this.address = peer.address;
    this.closed = closed.promise;
    this.judgeAgain = facts.judgeAgain;
    this.#tellClosed = closed.resolve;
    this.#socket = peer.socket;
    this.#reader = peer.reader;
    this.#clock = facts.clock;
    this.#takeOver(peer);
    void this.#endWithAge();
  }

  async send(frame: Bytes): Promise<void> {
    assert(frame.length <= frameBytesMax, "a larger message is sent in pieces");
    if (this.#socket.destroyed || this.#reason !== undefined) return;
    this.#write(frame);
    const queued = this.#socket.writableLength;
    if (queued > queueHighBytes) this.#destroy("the peer is too slow");
    if (queued <= queueLowBytes || this.#socket.destroyed) return;
    void this.#watch();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#waiting.push(() => resolve(undefined));
    await promise;
  }

  onFrame(listener: (frame: Bytes) => void): void {
    assert(this.#listener === undefined, "the listener of a link is set once");
    this.#listener = listener;
    // In the next turn, so that whoever sets it has finished; nothing is lost meanwhile.
    queueMicrotask(() => this.#deliver());
  }

  close(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#socket.end();
    void this.#after(closingFor, reason);
  }

  #takeOver(peer: UnverifiedPeer): void {
    const socket = this.#socket;
    socket.on("data", (chunk: Bytes) => {
      this.#reader.push(chunk);
      if (this.#listener === undefined) socket.pause();
      else this.#deliver();
    });
    socket.on("error", (error) => {
      this.#reason ??= errorCode(error) || "broken connection";
    });
    socket.on("close", () => this.#finish());
    socket.setKeepAlive(true, keepAliveAfter);
    peer.release();
    socket.pause();
    if (socket.destroyed) this.#finish();
  }

  #deliver(): void {
    const until = this.#clock.monotonic() + readMost;
    while (!this.#socket.destroyed) {
      const taken = this.#reader.take(frameBytesMax);
      if (!taken.ok) {
        this.#destroy("the peer sent a frame over the limit");
        return;
      }
      if (taken.value === undefined) return void this.#socket.resume();
      this.#listener?.(taken.value);
      if (this.#clock.monotonic() < until) continue;
      this.#socket.pause();
      return runSoon(() => this.#deliver());
    }
  }

  #write(frame: Bytes): void {
    this.#holdBack();
    const done = (): void => {
      this.#written++;
      if (this.#socket.writableLength <= queueLowBytes) this.#wakeSenders();
    };
    if (frame.length <= joinedBytesMax) {
      this.#socket.write(encodeFrame(frame), done);
      return;
    }
    this.#socket.write(encodeFrameHeader(frame.length));
    this.#socket.write(frame, done);
  }

  /**
   * Nothing goes out before what has arrived was read: of a peer that died, the first answer that
   * cannot be sent ends the connection, with everything that it still said.
   */
  #holdBack(): void {
    if (this.#socket.writableCorked > 0) return;
    this.#socket.cork();
    runSoon(() => this.#socket.uncork());
  }

  #wakeSenders(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** While a queue stands: some of it must go out in every period. */
  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    while (this.#waiting.length > 0 && !this.#ended.signal.aborted) {
      const before = this.#written;
      await this.#clock.sleep(stalledFor, this.#ended.signal);
      if (this.#waiting.length > 0 && this.#written === before) {
        this.#destroy("the peer is too slow");
      }
    }
    this.#isWatching = false;
  }

  async #endWithAge(): Promise<void> {
    await this.#clock.sleep(connectionAgeMax, this.#ended.signal);
    if (!this.#ended.signal.aborted) this.close("the connection is a day old");
  }

  async #after(duration: number, reason: string): Promise<void> {
    await this.#clock.sleep(duration, this.#ended.signal);
    if (!this.#ended.signal.aborted) this.#destroy(reason);
  }

  #destroy(reason: string): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  #finish(): void {
    this.#ended.abort();
    this.#wakeSenders();
    this.#tellClosed(this.#reason ?? "the peer closed the connection");
  }
}

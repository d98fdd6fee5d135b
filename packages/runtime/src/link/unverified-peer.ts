import type { TLSSocket } from "node:tls";
import { encodeHex, type Bytes } from "@gridward/core/base/bytes";
import { encodeFrame, FrameReader } from "@gridward/core/codec/link-frame";
import { sha256 } from "../os/hash.ts";
import { fingerprintOf } from "../trust/x509/read.ts";
import { closingFor } from "./limits.ts";
import { presentedChain } from "./presented-chain.ts";

const exporterLabel = "EXPORTER-gridward-link-1";
const exporterLength = 32;

/**
 * One end of a connection whose other end nobody believes yet. Frames are taken one by one, each
 * with its own limit, and the socket is read no further than that (rule LK1).
 */
export class UnverifiedPeer {
  readonly socket: TLSSocket;
  readonly address: string;
  /** What the peer presented, leaf first, DER. */
  readonly theirChain: readonly Bytes[];
  /** SHA-256 of the leaf that each side presented on this connection, "" for none. */
  readonly theirFingerprint: string;
  readonly ownFingerprint: string;
  /** Bytes read and not yet taken; the verified peer goes on with them. */
  readonly reader = new FrameReader();
  /** TLS exporter value of this connection (RFC 5705): the same at both ends, and nowhere else. */
  readonly exporter: Bytes;
  #wake: (() => void) | undefined;
  #hasEnded = false;
  #error: Error | undefined;

  constructor(socket: TLSSocket) {
    this.socket = socket;
    this.address = `${socket.remoteAddress ?? "unknown"}:${socket.remotePort ?? 0}`;
    this.theirChain = presentedChain(socket);
    const [leaf] = this.theirChain;
    this.theirFingerprint = leaf === undefined ? "" : encodeHex(sha256(leaf));
    const own = socket.getX509Certificate();
    this.ownFingerprint = own === undefined ? "" : fingerprintOf(own);
    // Read at once: of a connection that has ended meanwhile Node gives none, and throws.
    this.exporter = socket.exportKeyingMaterial(exporterLength, exporterLabel, Buffer.alloc(0));
    socket.setNoDelay(true);
    socket.on("data", this.#onData);
    socket.on("error", this.#onError);
    socket.on("close", this.#onEnd);
    socket.on("end", this.#onEnd);
    socket.pause();
  }

  /** The next frame, or undefined when the peer ended or sent a longer one. */
  async receive(bytesMax: number): Promise<Bytes | undefined> {
    for (;;) {
      const taken = this.reader.take(bytesMax);
      if (!taken.ok) return undefined;
      if (taken.value !== undefined) return taken.value;
      if (this.#hasEnded) return undefined;
      await this.#more();
    }
  }

  send(frame: Bytes): void {
    if (!this.socket.destroyed) this.socket.write(encodeFrame(frame));
  }

  /**
   * Lets what was sent go out, then closes. What still comes is read and dropped: closing over
   * unread bytes would reset the connection, and our last word with it.
   */
  end(): void {
    this.release();
    this.socket.on("error", () => this.socket.destroy());
    this.socket.on("data", () => undefined);
    this.socket.setTimeout(closingFor, () => this.socket.destroy());
    this.socket.end();
    this.socket.resume();
  }

  /** What ended the connection, if it was an error. */
  get error(): Error | undefined {
    return this.#error;
  }

  get isEnded(): boolean {
    return this.#hasEnded;
  }

  /** What OpenSSL says of that chain; null if it is content. */
  opensslVerdict(): string | null {
    const { authorized, authorizationError } = this.socket;
    if (authorized) return null;
    return typeof authorizationError === "string" ? authorizationError : "UNSPECIFIED";
  }

  /** Gives the socket to whoever goes on with it; nothing of it is read here any more. */
  release(): void {
    this.socket.off("data", this.#onData);
    this.socket.off("error", this.#onError);
    this.socket.off("close", this.#onEnd);
    this.socket.off("end", this.#onEnd);
  }

  async #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#wake = () => resolve(undefined);
    this.socket.resume();
    await promise;
  }

  readonly #onData = (chunk: Bytes): void => {
    this.socket.pause();
    this.reader.push(chunk);
    this.#wake?.();
  };

  readonly #onError = (error: Error): void => {
    this.#error ??= error;
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    this.#wake?.();
  };
}

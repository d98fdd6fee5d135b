import { type Bytes, utf8 } from "@gridward/core/base/bytes";
import type { VerifiedPeer } from "@gridward/runtime/link/peer";

/** For tests: the near end of a connection whose far end is the test. */
export abstract class AFakePeer implements VerifiedPeer {
  abstract readonly protocol: VerifiedPeer["protocol"];
  abstract readonly name: VerifiedPeer["name"];
  readonly direction: VerifiedPeer["direction"];
  readonly fingerprint = "f".repeat(64);
  readonly certificateNotAfter = 1;
  readonly address = "";
  readonly closed: Promise<string>;
  closedFor: string | undefined;
  #listener: ((frame: Bytes) => void) | undefined;
  readonly #end: (reason: string) => void;

  constructor(direction: VerifiedPeer["direction"]) {
    this.direction = direction;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.closed = promise;
    this.#end = resolve;
  }

  abstract send(frame: Bytes): Promise<void>;

  judgeAgain(): null {
    return null;
  }

  onFrame(listener: (frame: Bytes) => void): void {
    this.#listener = listener;
  }

  close(reason: string): void {
    this.closedFor ??= reason;
    this.#end(reason);
  }

  receive(text: string): void {
    this.#listener?.(utf8(text));
  }
}

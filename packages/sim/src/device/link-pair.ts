import type { Bytes } from "@gridward/core/base/bytes";
import type { VerifiedPeer } from "@gridward/runtime/link/peer";
import type { PeerName } from "@gridward/runtime/link/peer-name";

export interface PairEnds {
  /** How the device names the server, and what it gets from it. */
  readonly server: PeerName;
  readonly device: PeerName;
  readonly deviceFingerprint: string;
  /** How the device judges the server that it is connected with. */
  readonly judgeAgain?: VerifiedPeer["judgeAgain"];
}

/** A verified link without network: what one end sends, the other gets a turn later, in order. */
export function linkPair(
  ends: PairEnds,
): readonly [atDevice: VerifiedPeer, atServer: VerifiedPeer] {
  const closed = Promise.withResolvers<string>();
  let isClosed = false;
  const listeners: (((frame: Bytes) => void) | undefined)[] = [undefined, undefined];
  const end = (side: 0 | 1, name: PeerName, fingerprint: string): VerifiedPeer => ({
    protocol: "gridward-replica/1",
    name,
    direction: side === 0 ? "dial" : "accept",
    fingerprint,
    certificateNotAfter: Number.MAX_SAFE_INTEGER,
    address: "192.0.2.7",
    async send(frame) {
      const copy = new Uint8Array(frame);
      setImmediate(() => {
        if (!isClosed) listeners[1 - side]?.(copy);
      });
    },
    onFrame(listener) {
      listeners[side] = listener;
    },
    close(reason) {
      // What was sent before is still handed over, as a socket does.
      setImmediate(() => {
        isClosed = true;
        closed.resolve(reason);
      });
    },
    judgeAgain: (trust) => (side === 0 ? (ends.judgeAgain?.(trust) ?? null) : null),
    closed: closed.promise,
  });
  return [end(0, ends.server, "server"), end(1, ends.device, ends.deviceFingerprint)];
}

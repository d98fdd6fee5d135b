import { TLSSocket } from "node:tls";
import type { Bytes } from "@gridward/core/base/bytes";
import { peerChain } from "../trust/peer-chain.ts";

/** A connection whose other end may have presented a certificate. */
export type PeerSocket = TLSSocket;

const readEarly = new WeakMap<TLSSocket, readonly Bytes[]>();

/** What the peer presented, leaf first, DER. Asked once: the first look takes the chain away. */
export function presentedChain(socket: TLSSocket): readonly Bytes[] {
  return readEarly.get(socket) ?? readChain(socket);
}

/**
 * Reads the chain of a caller before Node does. Where OpenSSL is content, Node looks at the
 * caller's certificate by itself, and all that was sent along is gone (nodejs/node#65579).
 */
export function readChainEarly(socket: unknown): void {
  if (!(socket instanceof TLSSocket)) return;
  socket.prependOnceListener("secure", () => readEarly.set(socket, readChain(socket)));
}

function readChain(socket: TLSSocket): readonly Bytes[] {
  return peerChain(socket).map(({ raw }) => raw);
}

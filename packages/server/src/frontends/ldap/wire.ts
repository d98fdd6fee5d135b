import type { Bytes } from "@gridward/core/base/bytes";
import type { ClientVerdict } from "../../clients/client-gate.ts";

/** What only a connection without TLS has (RFC 4511 §4.14). */
export interface ClearWire {
  /** CS7: whether this peer is served without TLS, by what is set now. */
  isAllowed(): boolean;
  /** A password of this account came in clear text, and was right. */
  noteSignIn(account: string): void;
  /** After what was written is gone, the peer speaks TLS. */
  startTls(): void;
}

/** The connection below a conversation. */
export interface Wire {
  /** Address of the peer. */
  readonly source: string;
  write(bytes: Bytes): void;
  /** What its certificate, or the want of one, came to; asked again at each operation. */
  client(): ClientVerdict;
  /** Null where it is within TLS. */
  readonly clear: ClearWire | null;
  /** Octets that the peer has not taken yet. */
  unsent(): number;
  pause(): void;
  resume(): void;
  /** Sends what was written and closes. */
  end(): void;
}

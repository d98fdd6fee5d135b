import type { RequestId } from "@gridward/core/base/identity";
import type { Actor } from "@gridward/core/domain/types";
import type { KnownClient } from "../clients/client-gate.ts";
import type { Session } from "../session.ts";

/** Who asks, as far as the front end could prove it. */
export interface Caller {
  /** Null for the local socket and for routes that need no session. */
  readonly session: Session | null;
  readonly actor: Actor;
  /** Under which a retry of a change gets the first outcome. */
  readonly requestId: RequestId;
  /** Whose certificate the connection presented, found good; null: none, or none that counts. */
  readonly client: KnownClient | null;
  /** The TLS version of the connection, as OpenSSL names it; absent where it speaks none. */
  readonly tlsVersion?: string | undefined;
}

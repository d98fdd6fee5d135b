import type { RequestId } from "@gridward/core/base/identity";
import type { SecuritySettings } from "@gridward/core/base/security-settings";
import type { Result } from "@gridward/core/base/result";
import { type Refusal, refuse } from "@gridward/core/domain/refusal";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { Actor } from "@gridward/core/domain/types";
import type { KnownClient } from "../clients/client-gate.ts";
import type { Session } from "../session.ts";

/** CS17: the refusal of what would shut out the very connection over which it is ordered. */
export function shutsOut(
  { objection }: Pick<Caller, "objection">,
  settings: SecuritySettings,
  state: DirectoryState,
): Result<never, Refusal> | null {
  const words = objection(settings, state);
  return words === null ? null : refuse("security.shuts-you-out", words);
}

/** Who asks, as far as the front end could prove it. */
export interface Caller {
  /** Null for the local socket and for routes that need no session. */
  readonly session: Session | null;
  readonly actor: Actor;
  /** Under which a retry of a change gets the first outcome. */
  readonly requestId: RequestId;
  /** Whose certificate the connection presented, found good; null: none, or none that counts. */
  readonly client: KnownClient | null;
  /**
   * CS17: why this very connection would not be taken under these settings, in this state; null: it
   * would, or it comes over the local socket.
   */
  readonly objection: (settings: SecuritySettings, state?: DirectoryState) => string | null;
  /** CS17: `SignInTrial.count` as the connection began; null: it came over the local socket. */
  readonly begunUnder: number | null;
}

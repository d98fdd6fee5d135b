import type { ServerIdentity } from "@gridward/runtime/trust/server-directory";
import type { Clock } from "@gridward/runtime/os/clock";
import type { KnownServers } from "../known-servers.ts";
import type { FoundDatabase } from "../open-database.ts";
import type { OwnIdentity } from "../own-identity.ts";
import type { Approvals } from "../approvals/approvals.ts";
import type { LegacyPeers } from "../legacy/legacy-peers.ts";
import type { Security } from "../security/open-security.ts";

export interface HouseOrder {
  readonly directory: string;
  readonly found: ServerIdentity;
  readonly clock: Clock;
  readonly pid: number;
  readonly note: (text: string) => void;
  readonly stop: AbortSignal;
  /** Called from the main loop, when the ticks of all parts came to their end. */
  readonly tick: () => void;
  /** Called when certificate or security settings changed: every port shows it from then on. */
  readonly onIdentity: () => void;
}

/** What every room of the house stands on. */
export interface Basis extends HouseOrder {
  readonly identity: OwnIdentity;
  readonly known: KnownServers;
  readonly security: Security;
  readonly legacy: LegacyPeers;
  readonly approvals: Approvals;
  readonly database: FoundDatabase;
}

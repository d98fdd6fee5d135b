import type { SecurityEffect, SecurityTrial } from "@gridward/core/api/security-routes";
import type { SecurityChange, SecuritySettings } from "@gridward/core/base/security-settings";
import type { PasswordHasher } from "@gridward/runtime/os/argon2";
import type { SystemKey } from "@gridward/runtime/os/seal";
import type { Approvals } from "../approvals/approvals.ts";
import type { Backups } from "../backup/open-backups.ts";
import type { LegacyPeers } from "../legacy/legacy-peers.ts";
import type { EventLog } from "../event-log.ts";
import type { EventReader } from "../event-reader.ts";
import type { FrontEndParts, OperatorParts } from "../parts.ts";
import type { ReplicaServer } from "../replica/serve-replica.ts";
import type { OwnCertificates } from "../security/own-certificates.ts";
import type { SignInTrial } from "../security/sign-in-trial.ts";
import type { SecurityChanges, Unconfirmed } from "../security/security-changes.ts";
import type { Sessions } from "../session.ts";

/** Connection Security of this server, as it stands and as it is changed. */
export interface SecurityParts {
  readonly now: () => SecuritySettings;
  readonly unconfirmed: () => Unconfirmed | null;
  readonly set: SecurityChanges["set"];
  readonly confirm: SecurityChanges["confirm"];
  /** CS17: why an administrator must sign in under it before it stays; empty: nobody need. */
  readonly reasonsToProve: SecurityChanges["reasonsToProve"];
  readonly trial: Pick<SignInTrial, "noteSignIn" | "pass" | "keep">;
  /** CS11: what it would come to for every partner and class of clients. */
  readonly foresee: (change: SecurityChange) => Promise<readonly SecurityEffect[]>;
  /** CS11: trial handshakes with every partner, in both directions. */
  readonly check: (change: SecurityChange) => Promise<readonly SecurityTrial[]>;
  readonly certificates: OwnCertificates;
}

/** Devices that are connected to this server, as it can ask them. */
export type DeviceLines = Pick<
  ReplicaServer,
  "isConnected" | "readCertificates" | "renewCertificate"
>;

/** What stands behind the desk: everything a front end's plain words are turned into orders with. */
export interface DeskParts {
  readonly front: FrontEndParts;
  readonly operator: OperatorParts;
  readonly sessions: Sessions;
  readonly hasher: PasswordHasher;
  /** Null on a blank server. */
  readonly systemKey: () => SystemKey | null;
  readonly events: Pick<EventReader, "list" | "verify">;
  readonly refusals: Pick<EventLog, "onPasswordRefused">;
  readonly security: SecurityParts;
  readonly approvals: Pick<Approvals, "peers" | "turnedAway" | "find" | "reject" | "settle">;
  readonly legacy: Pick<LegacyPeers, "seen" | "isAllowed">;
  readonly backups: Pick<Backups, "create" | "list">;
  readonly devices: DeviceLines;
}

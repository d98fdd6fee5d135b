import type { Bytes } from "@gridward/core/base/bytes";
import type { AccountId, DeviceId, GroupId, Sealed } from "@gridward/core/base/identity";
import type { Result } from "@gridward/core/base/result";
import type { Secret } from "@gridward/core/base/secret";
import type { Instant } from "@gridward/core/base/time";
import type { DeviceMessage, Reported } from "@gridward/core/codec/replica/message";
import type { Position } from "@gridward/core/domain/entry";
import type { ServerCondition } from "@gridward/core/domain/server-status";
import type { SignInAnswer } from "@gridward/core/domain/sign-in-answer";
import type { DirectoryState } from "@gridward/core/domain/state";
import type { Clock } from "@gridward/runtime/os/clock";
import type { ConnectionLimit } from "@gridward/runtime/os/connection-limit";
import type { ReplicaSigner } from "@gridward/runtime/replica/signature";
import type { SignInAttempt } from "../parts.ts";

/** The committed state and the place of its last entry, read together. */
export interface Committed {
  readonly state: DirectoryState;
  readonly position: Position;
}

/** What the replica front end is given. */
export interface ReplicaParts {
  /** null while there is no complete database. */
  readonly committed: () => Committed | null;
  readonly condition: () => ServerCondition;
  readonly signIn: (attempt: SignInAttempt) => Promise<SignInAnswer>;
  /** Opens `SystemRow.replicaKey`. */
  readonly openReplicaKey: (sealed: Sealed) => Result<Secret<Bytes>, string>;
  /** Opens a password's verifier: a PHC string. */
  readonly openVerifier: (sealed: Sealed) => Result<Secret<string>, string>;
  /** This server's own signer; null until its certificate was issued. */
  readonly signer: () => ReplicaSigner | null;
  readonly observe: (seen: DeviceObservation) => void;
  readonly limit: Pick<ConnectionLimit, "most" | "onTurnedAway">;
  readonly clock: Clock;
}

/** What devices do and tell, for the security events and the list of who holds which credential. */
export type DeviceObservation =
  | { readonly kind: "connected"; readonly device: DeviceId; readonly address: string }
  | { readonly kind: "disconnected"; readonly device: DeviceId; readonly reason: string }
  | {
      readonly kind: "turned-away";
      readonly device: DeviceId;
      readonly code: string;
      readonly detail: string;
    }
  /** From now on these credentials are on that device (AM5). */
  | {
      readonly kind: "delivered";
      readonly device: DeviceId;
      readonly group: GroupId;
      readonly rev: number;
      readonly accounts: readonly AccountId[];
    }
  | { readonly kind: "erased"; readonly device: DeviceId; readonly revision: number }
  /** The device has seen a later term, or a later state of this one: this server is behind. */
  | {
      readonly kind: "device-is-ahead";
      readonly device: DeviceId;
      readonly term: number;
      readonly rev: number;
    }
  /** What the device decided by itself; may come twice, `number` tells. */
  | {
      readonly kind: "reported";
      readonly device: DeviceId;
      readonly decided: readonly Reported[];
      readonly failures: Extract<DeviceMessage, { readonly kind: "report" }>["failures"];
    };

/** One device that is connected now. */
export interface ConnectedDevice {
  readonly device: DeviceId;
  readonly address: string;
  readonly since: Instant;
  /** Place of what the device last said it holds; null: nothing. */
  readonly holds: { readonly term: number; readonly rev: number } | null;
}

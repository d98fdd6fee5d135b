import type { NodeId } from "../base/identity.ts";
import type { Instant, Millis } from "../base/time.ts";
import type { ArbitrationMode } from "./arbitration-mode.ts";
import type { Position } from "./entry.ts";
import type { ServerKind } from "./types.ts";

export type Duty = "main" | "standby" | "lone" | "fenced" | "none";

/** State names of design §10; each belongs to one duty. */
export type ServerState =
  | "starting"
  | "blank"
  | "lone"
  | "main-protected"
  | "main-exposed"
  | "main-waiting"
  | "main-read-only"
  | "main-draining"
  | "standby-connecting"
  | "standby-security-conflict"
  | "standby-incompatible"
  | "standby-synchronising"
  | "standby-stalled"
  | "standby-valid"
  | "standby-candidate"
  | "maintenance"
  | "fenced"
  | "diverged"
  | "invalid-database"
  | "two-mains"
  | "stopped";

export interface Cause {
  readonly code: string;
  readonly text: string;
}

/** May this be done now? If not, why not, in a code and a sentence. */
export interface Permission {
  readonly ok: boolean;
  readonly code: string | null;
  readonly reason: string | null;
}

/** One direction of the link to a partner, as judged by the one judge (causes T01..T17). */
export interface DirectionVerdict {
  readonly verdict: "ok" | "refused" | "not tried";
  readonly cause: string | null;
}

export interface Progress {
  readonly phase: "first pass" | "verify" | "catch up";
  readonly bytes_done: number;
  readonly bytes_total: number | null;
  readonly entries_behind: number;
  readonly bytes_per_s: number;
  readonly eta_s: number | null;
  readonly last_progress: string;
}

export interface PartnerStatus {
  readonly name: string;
  /** permanent: it follows for ever and is never promoted (HS14). */
  readonly kind: ServerKind;
  /** Where this server has dialled it, and over which of its two addresses; null: nowhere now. */
  readonly address: string | null;
  readonly link: "main" | "backup" | null;
  readonly state: ServerState | "unreachable";
  /** Entries this partner is behind (on a Main) or we are behind it (on a Standby). */
  readonly behind: number | null;
  readonly conflict: {
    readonly code: string;
    readonly direction: "dial" | "accept";
    readonly refused_by: string;
    readonly ours: string;
    readonly theirs: string;
    readonly remedy: string;
    readonly effect: string;
    readonly since: string;
  } | null;
  readonly dial: DirectionVerdict;
  readonly accept: DirectionVerdict;
  readonly certificate: { readonly fingerprint: string; readonly not_after: string } | null;
}

export interface Alarm {
  readonly code: string;
  readonly since: string;
  readonly text: string;
  readonly remedy: string;
}

export interface Icon {
  readonly shape: string;
  readonly colour: "grey" | "green" | "amber" | "magenta";
  readonly word: string;
}

/** `server status -o json`, exactly as design §10 lays it down. Times are RFC 3339. */
export interface ServerStatus {
  readonly system_id: string | null;
  readonly node_id: string;
  readonly name: string;
  readonly version: string;
  readonly pid: number | null;
  readonly duty: Duty;
  readonly kind: ServerKind;
  readonly state: ServerState;
  readonly since: string;
  readonly position: Position & { readonly sequence: number; readonly digest: string | null };
  readonly cause: Cause | null;
  readonly remedy: string | null;
  readonly icon: Icon;
  readonly promotable: Permission;
  readonly changeover: Permission;
  readonly ack_set: readonly string[];
  readonly unprotected_since: string | null;
  readonly arbitration: {
    readonly mode: ArbitrationMode;
    readonly witness: {
      readonly address: string;
      readonly state: "connected" | "silent" | "blank" | "older" | "other-system";
    } | null;
  };
  readonly progress: Progress | null;
  readonly partners: readonly PartnerStatus[];
  readonly security: Readonly<Record<string, string | boolean>>;
  readonly alarms: readonly Alarm[];
}

/** What front ends need to know of this server before they answer. */
export interface ServerCondition {
  readonly node: NodeId;
  readonly duty: Duty;
  readonly state: ServerState;
  /** False: answer unavailable to every sign-in and search (blank, fenced, invalid, never complete). */
  readonly canSignIn: boolean;
  /** True on a Main, and on a Standby that heard its Main within 4 s. */
  readonly fresh: boolean;
  /** How long ago this server's accounts were last known current. */
  readonly ageMs: Millis;
  readonly at: Instant;
}

import { rfc3339, second, type Instant } from "@gridward/core/base/time";
import { inOrderToAsk } from "./authority/ask-servers.ts";
import type { Authority } from "./authority/authority.ts";
import type { DeviceRevocationMode } from "./config.ts";
import type { CertificateStatus } from "./held-certificates.ts";
import type { ListStatus } from "./replica/held-lists.ts";
import type { LocalReplica } from "./replica/local-replica.ts";
import type { LineStatus, ServerLine } from "./replica/server-line.ts";

/** `ied status -o json`, as design §10 lays it down; words of the original's diagnostics (DV4). */
export interface DeviceStatus {
  readonly mode: "Builtin" | "Local" | "Central";
  /** In the order in which they are asked. */
  readonly servers: readonly {
    readonly name: string;
    readonly state: LineStatus["state"] | "Not configured";
    readonly cause: string | null;
    readonly cost: number;
  }[];
  readonly replication: {
    readonly enabled: boolean;
    readonly status: "Not replicated" | "Good" | "Failed";
    readonly last_success: string | null;
    readonly term: number | null;
    readonly revision: number | null;
    readonly age_s: number | null;
    readonly accounts: number;
    /** It admits people while no server answers. */
    readonly usable: boolean;
  };
  readonly certificate: CertificateStatus;
  /** PK5: by which list servers are judged. */
  readonly revocation: {
    readonly mode: DeviceRevocationMode;
    readonly list: ListStatus["state"];
    readonly number: number | null;
    readonly this_update: string | null;
    readonly next_update: string | null;
  };
  readonly athstat: { readonly usrblked: boolean; readonly loggedon: boolean };
}

/** Did the last try to replicate succeed? null before the first. */
export type LastTry = { readonly ok: boolean; readonly at: Instant } | null;

export function deviceStatus(parts: {
  readonly replica: LocalReplica;
  readonly lines: readonly ServerLine[];
  readonly authority: Authority;
  readonly mode: DeviceRevocationMode;
  readonly certificate: CertificateStatus;
  readonly lastTry: LastTry;
}): DeviceStatus {
  const { usrblked, loggedon } = parts.authority.outputs();
  return {
    mode: "Central",
    servers: inOrderToAsk(parts.lines).map(({ status }) => status),
    replication: replicationStatus(parts.replica, parts.lastTry),
    certificate: parts.certificate,
    revocation: revocationStatus(parts.replica, parts.mode),
    athstat: { usrblked, loggedon },
  };
}

export function revocationStatus(
  replica: LocalReplica,
  mode: DeviceRevocationMode,
): DeviceStatus["revocation"] {
  const { state, number, thisUpdate, nextUpdate } = replica.lists.status(replica.time());
  return {
    mode,
    list: state,
    number,
    this_update: thisUpdate === null ? null : rfc3339(thisUpdate),
    next_update: nextUpdate === null ? null : rfc3339(nextUpdate),
  };
}

export function replicationStatus(
  replica: LocalReplica,
  lastTry: LastTry,
): DeviceStatus["replication"] {
  const { position, lastSuccess, replication } = replica.seen;
  const accounts = Array.from(replica.members()).length;
  const holds = replica.holding() !== null;
  return {
    enabled: !replication.off,
    status: statusWord(replica, lastTry),
    last_success: lastSuccess === null ? null : rfc3339(lastSuccess),
    term: holds ? (position?.term ?? null) : null,
    revision: holds ? (position?.rev ?? null) : null,
    age_s: holds ? Math.floor(replica.age() / second) : null,
    accounts,
    usable: replica.use() === "good",
  };
}

function statusWord(
  replica: LocalReplica,
  lastTry: LastTry,
): DeviceStatus["replication"]["status"] {
  const use = replica.use();
  if (use === "off" || (use === "none" && lastTry === null)) return "Not replicated";
  return use === "good" && lastTry?.ok === true ? "Good" : "Failed";
}

/** What somebody who looks should be told beside the status; nothing when all is well. */
export function warningsOf(replica: LocalReplica): readonly string[] {
  return [...replicaWarnings(replica), ...listWarnings(replica)];
}

function listWarnings(replica: LocalReplica): readonly string[] {
  const { state, nextUpdate } = replica.lists.status(replica.time());
  if (state !== "stale" || nextUpdate === null) return [];
  const since = `The revocation list ended ${rfc3339(nextUpdate)}`;
  return [`${since}: whom a server revoked since then is not known here.`];
}

function replicaWarnings(replica: LocalReplica): readonly string[] {
  const use = replica.use();
  const hours = Math.floor(replica.age() / (3_600 * second));
  if (use === "good" && replica.isPastSoftAge()) {
    return [`The replica is ${hours} hours old: bring a server back before it is refused.`];
  }
  if (use === "too old") return [`The replica is ${hours} hours old and admits nobody.`];
  if (use === "damaged") return ["The replica is damaged; it comes again from the next server."];
  if (use === "revoked") return ["This device is marked as lost and serves nobody."];
  return [];
}

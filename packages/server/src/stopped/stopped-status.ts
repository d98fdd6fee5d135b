import { ok, type Result } from "@gridward/core/base/result";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import { version } from "@gridward/core/base/version";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import { origin } from "@gridward/core/domain/entry";
import { iconOf, states } from "@gridward/core/domain/pair/states";
import { refuse, type Refusal } from "@gridward/core/domain/refusal";
import type { ServerStatus } from "@gridward/core/domain/server-status";
import { ControlStore } from "@gridward/runtime/journal/control-store";
import { readServerDirectory } from "@gridward/runtime/trust/server-directory";
import { fingerprintOf } from "@gridward/runtime/trust/x509/read";

/** What can be said of a server that does not run: from its configuration and control record. */
export function readStoppedStatus(
  directory: string,
  since: Instant,
): Result<ServerStatus, Refusal> {
  const server = readServerDirectory(directory);
  if (!server.ok) return server;
  const control = ControlStore.open(directory);
  if (!control.ok && control.error !== "absent") {
    return refuse("control.unreadable", `${directory}: ${control.error}`);
  }
  // No record at all: the server has never run, so it is blank.
  const record = control.ok ? control.value.record : null;
  const { config, node, issued, temporary } = server.value;
  return ok({
    ...nothingGoesOn,
    system_id: record?.systemId ?? null,
    node_id: node,
    name: config.name,
    since: rfc3339(since),
    position: positionOf(record),
    remedy: `Run \`gridward server run ${directory}\`.`,
    ack_set: record?.ackSet ?? [],
    security: {
      temporary: issued === null,
      fingerprint: fingerprintOf(issued?.certificate ?? temporary),
    },
  });
}

function positionOf(record: ControlRecord | null): ServerStatus["position"] {
  const highest = record?.highest ?? origin;
  const certificate = record?.certificate ?? null;
  const digest = certificate?.position.hash === highest.hash ? certificate.digest : null;
  return { ...highest, sequence: highest.seq, digest };
}

const notRunning = { ok: false, code: "config.not-running", reason: "The server does not run." };

const nothingGoesOn = {
  version,
  pid: null,
  duty: "none",
  kind: "promotable",
  state: "stopped",
  cause: { code: "config.not-running", text: "No program runs on this data directory." },
  icon: iconOf(states.stopped),
  promotable: notRunning,
  changeover: notRunning,
  unprotected_since: null,
  arbitration: { mode: "manual", witness: null },
  progress: null,
  partners: [],
  alarms: [],
} as const;

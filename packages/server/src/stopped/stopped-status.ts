import type { NodeId } from "@gridward/core/base/identity";
import { ok, type Result } from "@gridward/core/base/result";
import { rfc3339, type Instant } from "@gridward/core/base/time";
import { version } from "@gridward/core/base/version";
import type { ControlRecord } from "@gridward/core/domain/control-record";
import { origin } from "@gridward/core/domain/entry";
import { iconOf, states } from "@gridward/core/domain/pair/states";
import type { Refusal } from "@gridward/core/domain/refusal";
import type { ServerStatus } from "@gridward/core/domain/server-status";
import { ControlStore } from "@gridward/runtime/journal/control-store";
import { readServerDirectory } from "@gridward/runtime/trust/server-directory";
import { KnownServers } from "../known-servers.ts";
import { readRemoval, removalText } from "../pair/removal.ts";
import type { NamedServer } from "@gridward/core/domain/server-names";
import { fingerprintOf } from "@gridward/runtime/trust/x509/read";
import { refuseControl } from "../refuse-control.ts";

/** A program that holds the directory although nobody answers there; its process id if known. */
export type Holder = { readonly pid: number | null } | undefined;

/** What can be said of a server that does not answer: from its configuration and control record. */
export function readStoppedStatus(
  directory: string,
  since: Instant,
  holder: Holder,
): Result<ServerStatus, Refusal> {
  const server = readServerDirectory(directory);
  if (!server.ok) return server;
  const control = ControlStore.open(directory);
  if (!control.ok && control.error !== "absent") {
    return refuseControl(directory, control.error);
  }
  // No record at all: the server has never run, so it is blank.
  const record = control.ok ? control.value.record : null;
  const { config, node, issued, temporary } = server.value;
  const { rows } = new KnownServers(directory);
  const removal = readRemoval(directory);
  const known = [{ id: node, name: config.name }, ...rows];
  return ok({
    ...nothingGoesOn,
    ...remembered(node, record, known),
    ...(removal !== null && removedBefore(removalText(removal))),
    node_id: node,
    name: config.name,
    kind: rows.find(({ id }) => id === node)?.kind ?? "promotable",
    since: rfc3339(since),
    remedy: `Run \`gridward server run ${directory}\`.`,
    ...(holder && held(holder, directory)),
    security: {
      temporary: issued === null,
      fingerprint: fingerprintOf(issued?.certificate ?? temporary),
    },
  });
}

/** Between the start of a program and its first answer, and at its end, it is not stopped. */
function held({ pid }: NonNullable<Holder>, directory: string) {
  const process = pid === null ? "A process" : `Process ${pid}`;
  return {
    pid,
    state: "starting",
    cause: {
      code: "server.starting",
      text: `${process} holds this directory and does not answer: it starts, or stops.`,
    },
    remedy:
      "Ask again in some seconds. If it stays, read its log, end the process, and " +
      `run \`gridward server run ${directory}\`.`,
    icon: iconOf(states.starting),
    promotable: notAnswering,
    changeover: notAnswering,
  } as const;
}

function remembered(
  self: NodeId,
  record: ControlRecord | null,
  known: readonly NamedServer[],
): Pick<ServerStatus, "system_id" | "position" | "cause" | "ack_set" | "arbitration"> {
  const nameOf = (id: NodeId): string => known.find((server) => server.id === id)?.name ?? id;
  return {
    system_id: record?.systemId ?? null,
    position: positionOf(record),
    cause: { code: "config.not-running", text: `No program runs here. ${whatItWas(self, record)}` },
    ack_set: (record?.ackSet ?? []).map(nameOf),
    arbitration: { mode: record?.mode ?? "manual", witness: null },
  };
}

/** Who finds everything off asks first which one was Main. */
function whatItWas(self: NodeId, record: ControlRecord | null): string {
  if (record === null || record.incarnation === null) return "It had no database.";
  if (record.maintenance !== null) return "It had been taken out for maintenance.";
  return record.owner === self
    ? `It was Main of term ${record.term}.`
    : `It was Standby in term ${record.term}.`;
}

function removedBefore(text: string): Pick<ServerStatus, "cause"> {
  return { cause: { code: "config.not-running", text: `No program runs here. ${text}` } };
}

function positionOf(record: ControlRecord | null): ServerStatus["position"] {
  const highest = record?.highest ?? origin;
  const certificate = record?.certificate ?? null;
  const digest = certificate?.position.hash === highest.hash ? certificate.digest : null;
  return { ...highest, sequence: highest.seq, digest };
}

const notAnswering = {
  ok: false,
  code: "server.starting",
  reason: "The server does not answer.",
};

const notRunning = { ok: false, code: "config.not-running", reason: "The server does not run." };

const nothingGoesOn = {
  version,
  pid: null,
  duty: "none",
  state: "stopped",
  icon: iconOf(states.stopped),
  promotable: notRunning,
  changeover: notRunning,
  unprotected_since: null,
  progress: null,
  partners: [],
  alarms: [],
} as const;

import * as z from "zod";
import type { Json } from "@gridward/core/base/canonical";
import { ok } from "@gridward/core/base/result";
import { systemId } from "@gridward/core/base/identity";
import { costDefault } from "@gridward/core/domain/server-order";
import type { Millis } from "@gridward/core/base/time";
import { askLocal } from "../access/ask-local.ts";
import { inOrderUnseen } from "../config.ts";
import { replicationStatus, revocationStatus, type DeviceStatus } from "../device-status.ts";
import { certificateStatus } from "../held-certificates.ts";
import { LocalReplica } from "../replica/local-replica.ts";
import { openReplicaStore } from "../replica/store.ts";
import { openDeviceDirectory } from "./device-directory.ts";
import { failed } from "./failure.ts";
import { statusTable } from "./status-table.ts";
import type { Asked, VerbOutcome } from "./verb.ts";

const pollEvery: Millis = 100;

/** ied status DIR: of the running device, else what its files say. */
export async function status(asked: Asked): Promise<VerbOutcome> {
  const answer = await askLocal(asked.directory, { verb: "status" }, asked.timeout);
  if (answer === "timed out") return failed("ied.timed-out");
  if (answer === "not running") return stoppedStatus(asked);
  if (!answer.ok) return failed("ied.timed-out", answer.code);
  const { data, device, warnings } = answer;
  return ok({ data, table: statusTable(data), meta: { device }, warnings });
}

/** Nobody is signed in at a device that does not run, and it reaches no server. */
function stoppedStatus(asked: Asked): VerbOutcome {
  const opened = openDeviceDirectory(asked.directory);
  if (!opened.ok) return opened;
  const { config, storeKey, anchors, certificate } = opened.value;
  const { device, system } = config;
  const store = openReplicaStore({
    directory: asked.directory,
    key: storeKey,
    systemId: system.id,
    deviceId: device.id,
  });
  const group = device.group.id;
  const replica = new LocalReplica({
    store,
    anchors,
    systemId: systemId(system.id),
    group,
    clock: asked.clock,
  });
  const cause = "the device is not running";
  const known = { lists: replica.lists.lists, isTold: replica.seen.revoked, refusedFor: [] };
  const stopped: DeviceStatus = {
    mode: "Central",
    servers: inOrderUnseen(config.servers).map((server) => {
      const { name, cost = costDefault } = server;
      return { name, state: "Offline", cause, cost };
    }),
    replication: replicationStatus(replica, null),
    certificate: certificateStatus(
      { own: certificate, anchors: anchors.all },
      known,
      asked.clock.now(),
    ),
    revocation: revocationStatus(replica, config.revocation),
    athstat: { usrblked: false, loggedon: false },
  };
  const meta = { device: device.name };
  const table = statusTable({ ...stopped });
  return ok({ data: { ...stopped }, table, meta, warnings: ["The device is not running."] });
}

/** What `ied wait --state` can wait for, by the words of DV4. */
const conditions: ReadonlyMap<string, (seen: Seen) => boolean> = new Map([
  ["online", ({ servers }) => servers.some(({ state }) => state === "Online")],
  ["all-online", ({ servers }) => servers.every(({ state }) => state === "Online")],
  ["offline", ({ servers }) => servers.every(({ state }) => state !== "Online")],
  ["replica-good", ({ replication }) => replication.status === "Good"],
  ["replica-failed", ({ replication }) => replication.status === "Failed"],
  ["invalid-certificate", ({ certificate }) => certificate.state === "invalid certificate"],
  ["not-replicated", ({ replication }) => replication.status === "Not replicated"],
  ["user-blocked", (seen) => seen.athstat.usrblked],
  ["logged-on", (seen) => seen.athstat.loggedon],
  ["logged-off", (seen) => !seen.athstat.loggedon],
]);

const seenStatus = z.object({
  servers: z.array(z.object({ state: z.string() })),
  replication: z.object({ status: z.string() }),
  certificate: z.object({ state: z.string() }),
  athstat: z.object({ usrblked: z.boolean(), loggedon: z.boolean() }),
});

type Seen = z.infer<typeof seenStatus>;

/** ied wait DIR --state S[,S…] --timeout N: until the running device is in one of them. */
export async function wait(asked: Asked): Promise<VerbOutcome> {
  const states = asked.state?.split(",") ?? [];
  const wanted = states.flatMap((state) => conditions.get(state) ?? []);
  if (states.length === 0 || wanted.length < states.length) {
    return failed("ied.wrong-use", `--state ${[...conditions.keys()].join("|")}`);
  }
  const { clock, timeout, directory } = asked;
  const begun = clock.monotonic();
  let last: Json = null;
  for (;;) {
    const answer = await askLocal(directory, { verb: "status" }, timeout);
    if (typeof answer === "object" && answer.ok) {
      last = answer.data;
      const seen = seenStatus.parse(answer.data);
      if (wanted.some((holds) => holds(seen))) {
        return ok({ data: answer.data, meta: { device: answer.device } });
      }
    }
    if (clock.monotonic() - begun >= timeout) {
      return failed("ied.wait-over", last === null ? "it is not running" : states.join(","));
    }
    await clock.sleep(pollEvery);
  }
}

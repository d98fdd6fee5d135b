import type { DeviceId } from "@gridward/core/base/identity";
import { err } from "@gridward/core/base/result";
import type { Millis } from "@gridward/core/base/time";
import type { VerifiedPeer } from "@gridward/runtime/link/peer";
import type { DeviceCalls } from "./device-calls.ts";
import { DeviceSession } from "./device-session.ts";
import { groupSets } from "./group-sets.ts";
import type { ConnectedDevice, ReplicaParts } from "./replica-parts.ts";

/** Many changes at once cost one look at every connected device, this long after the first. */
const reviewAfter: Millis = 100;

/** The server's end of `gridward-replica/1`. */
export interface ReplicaServer {
  /** Takes over a verified connection of that protocol. */
  accept(peer: VerifiedPeer): void;
  /** To be called after every commit and every change of this server's condition. */
  changed(): void;
  connected(): readonly ConnectedDevice[];
  isConnected(device: DeviceId): boolean;
  readCertificates(device: DeviceId): ReturnType<DeviceCalls["readCertificates"]>;
  renewCertificate(device: DeviceId): ReturnType<DeviceCalls["renewCertificate"]>;
  stop(): void;
}

export function serveReplica(parts: ReplicaParts): ReplicaServer {
  const sets = groupSets(parts);
  const sessions = new Map<DeviceId, DeviceSession>();
  const stop = new AbortController();
  let isReviewing = false;

  const accept = (peer: VerifiedPeer): void => {
    if (peer.name.kind !== "device" || stop.signal.aborted) {
      return peer.close("this conversation is for devices");
    }
    const { device } = peer.name;
    if (sessions.size >= parts.limit.most && !sessions.has(device)) {
      parts.limit.onTurnedAway(peer.address);
      return peer.close("too many devices are connected");
    }
    // A device that dials again has lost its old connection, whether we know it yet or not.
    sessions.get(device)?.close("replaced by a newer connection");
    const session = new DeviceSession(parts, sets, peer, device);
    sessions.set(device, session);
    parts.observe({ kind: "connected", device, address: peer.address });
    void forget(session, peer);
  };

  const forget = async (session: DeviceSession, peer: VerifiedPeer): Promise<void> => {
    const reason = await peer.closed;
    const { device } = session;
    session.calls.end();
    if (sessions.get(device) === session) sessions.delete(device);
    parts.observe({ kind: "disconnected", device, reason });
  };

  const review = async (): Promise<void> => {
    await parts.clock.sleep(reviewAfter, stop.signal);
    isReviewing = false;
    if (stop.signal.aborted) return;
    for (const session of sessions.values()) session.review();
  };

  return {
    accept,
    changed() {
      if (isReviewing || sessions.size === 0) return;
      isReviewing = true;
      void review();
    },
    connected: () => [...sessions.values()].map((session) => session.connected()),
    isConnected: (device) => sessions.has(device),
    readCertificates: async (device) =>
      sessions.get(device)?.calls.readCertificates() ?? err("device.not-connected"),
    renewCertificate: async (device) =>
      sessions.get(device)?.calls.renewCertificate() ?? err("device.not-connected"),
    stop() {
      stop.abort();
      for (const session of sessions.values()) session.close("this server is stopping");
    },
  };
}

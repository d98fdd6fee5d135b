import assert from "node:assert/strict";
import { nodeId } from "@gridward/core/base/identity";
import { serveHttps as serveDevice } from "@gridward/ied/access/serve-https";
import { a, b } from "@gridward/runtime/link/test-ends";
import { testServer, trustedAuthority } from "@gridward/runtime/link/test-link";
import { systemClock } from "@gridward/runtime/os/clock";
import { aServer } from "@gridward/server/frontends/https/a-server";
import { Talk } from "@gridward/server/frontends/ldap/fixtures";
import { anLdapServer, ldapIdentity } from "@gridward/server/frontends/ldap/an-ldap-server";

/** Every port that speaks TLS, open in this process: the link is that of `b`, who knows `a`. */
export interface OpenPorts {
  readonly of: (name: PortName) => number;
  readonly close: () => Promise<void>;
}

export type PortName = keyof typeof openers;

interface OpenPort {
  readonly port: number;
  readonly close: () => Promise<void>;
}

const openers = {
  link: async () => testServer(b, a),
  witness: async () => testServer(b, a, { protocols: ["gridward-witness/1"] }),
  LDAPS: openLdaps,
  HTTPS: async () => aServer(),
  "HTTPS of a device": openDevice,
} as const satisfies Readonly<Record<string, () => Promise<OpenPort>>>;

export const portNames: readonly PortName[] = [
  "link",
  "witness",
  "LDAPS",
  "HTTPS",
  "HTTPS of a device",
];

export async function openEveryPort(): Promise<OpenPorts> {
  const open = new Map<PortName, OpenPort>();
  for (const name of portNames) open.set(name, await openers[name]());
  return {
    of: (name) => open.get(name)?.port ?? 0,
    close: async () => {
      await Promise.all([...open.values()].map(async (port) => port.close()));
    },
  };
}

async function openLdaps(): Promise<OpenPort> {
  const issued = trustedAuthority.issue({
    profile: "server",
    name: { kind: "server", node: nodeId("A") },
    hosts: ["127.0.0.1"],
  });
  const limit = { most: 1_024, mostOfOne: 512, onTurnedAway: () => {} };
  return anLdapServer(new Talk().frontEnd, { identity: ldapIdentity(issued), limit });
}

async function openDevice(): Promise<OpenPort> {
  const now = trustedAuthority.issue({ profile: "server", hosts: ["127.0.0.1"] });
  const unused = (): never => assert.fail("nothing is asked for");
  const device = { authority: { outputs: unused }, status: unused };
  const own = { now, onChange: () => {} };
  return serveDevice({
    device,
    own,
    anchors: { sentWith: () => [] },
    port: 0,
    clock: systemClock(),
  });
}

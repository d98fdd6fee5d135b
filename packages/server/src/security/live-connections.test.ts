import assert from "node:assert/strict";
import { test } from "node:test";
import { sealed } from "@gridward/core/base/identity";
import { defaultSecurity, type SecuritySettings } from "@gridward/core/base/security-settings";
import { day, hour, second } from "@gridward/core/base/time";
import { emptyState, type DirectoryState } from "@gridward/core/domain/state";
import type { CrlRow } from "@gridward/core/domain/types";
import { runSoon } from "@gridward/runtime/os/clock";
import { manualClock } from "@gridward/runtime/link/test-link";
import { type LiveDoor, LiveConnections } from "./live-connections.ts";
import type { SecurityUse } from "./security-use.ts";

const strict: SecuritySettings = { ...defaultSecurity, tls_min: "1.3" };
const old = "it speaks TLS 1.2";
const nobody: readonly SecurityUse[] = [];

function aServer() {
  const clock = manualClock(0);
  const world = { settings: defaultSecurity, told: nobody, isRevoked: false };
  const connections = new LiveConnections({
    settings: () => world.settings,
    clock,
    stop: new AbortController().signal,
    onClosed: (use) => {
      world.told = [...world.told, use];
    },
  });
  /** One that speaks TLS 1.2 and has a certificate that may be revoked. */
  const come = (door: LiveDoor) => {
    const seen = { closed: "" };
    const left = connections.enter({
      door,
      judge: ({ tls_min }) => {
        if (world.isRevoked) return "T07, revoked";
        return tls_min === "1.3" ? old : null;
      },
      close: (reason) => {
        seen.closed = reason;
        queueMicrotask(() => left());
      },
    });
    return seen;
  };
  return { clock, world, connections, come, words: () => world.told.map(({ change }) => change) };
}

const settled = async (): Promise<void> => new Promise((done) => runSoon(() => runSoon(done)));

const list: CrlRow = {
  authority: "issuing",
  number: 1,
  thisUpdate: 0,
  nextUpdate: day,
  revoked: 1,
  encoded: "",
  responder: { certificate: "", key: sealed("") },
};

function withList(number: number): DirectoryState {
  const { tables } = emptyState;
  return { ...emptyState, tables: { ...tables, crls: tables.crls.set("a", { ...list, number }) } };
}

test("[LC1][CS8] a change closes at every door what it would not take any more, and says how many", async () => {
  const { world, connections, come, words } = aServer();
  const open = [come("ldaps"), come("ldaps"), come("https"), come("devices")];
  world.settings = strict;
  await connections.recheck("settings");
  assert.deepEqual(
    open.map(({ closed }) => closed),
    [old, old, old, old],
  );
  assert.equal(connections.size, 0);
  assert.deepEqual(words(), [
    `closed 2 connections at LDAPS: ${old}`,
    `closed 1 connection at HTTPS: ${old}`,
    `closed 1 connection of devices: ${old}`,
  ]);
});

test("[LC2][CS8] how many a change would close is known before, and closes none", async () => {
  const { connections, come, words } = aServer();
  const open = [come("ldaps"), come("ldap"), come("ldaps"), come("devices"), come("partners")];
  const count = { https: 0, ldaps: 2, ldap: 1, devices: 1, partners: 1 };
  assert.deepEqual(await connections.countCut(strict), count);
  assert.deepEqual(await connections.countCut(defaultSecurity), {
    https: 0,
    ldaps: 0,
    ldap: 0,
    devices: 0,
    partners: 0,
  });
  assert.ok(open.every(({ closed }) => closed === ""));
  assert.deepEqual(words(), []);
});

test("[LC3][CS8] links to other servers are left to those who make them anew, but not after a new list", async () => {
  const { world, connections, come } = aServer();
  const link = come("partners");
  world.settings = strict;
  await connections.recheck("settings");
  assert.equal(link.closed, "");
  await connections.recheck("trust");
  assert.equal(link.closed, old);
});

test("[LC4][CS8] a handshake that began before a change is judged by what stands when it ends", () => {
  const { world, come } = aServer();
  world.settings = strict;
  assert.equal(come("ldaps").closed, old);
});

test("[LC5][CS16] a revocation list, an account or a device that changes has all of it looked at again", async () => {
  const { world, clock, connections, come } = aServer();
  connections.follow(withList(1));
  const device = come("devices");
  world.isRevoked = true;
  connections.follow(withList(2));
  connections.follow(withList(3));
  clock.advance(second - 1);
  await settled();
  assert.equal(device.closed, "", "after the conversation had time to say so itself");
  clock.advance(1);
  await settled();
  assert.equal(device.closed, "T07, revoked");
});

test("[LC5][CS7][CS16] so does a legacy peer that is listed no more, and an authority that is given up", async () => {
  for (const table of ["legacyPeers", "authorities"] as const) {
    const { world, clock, connections, come } = aServer();
    const { tables, ...state } = withList(1);
    connections.follow({ ...state, tables });
    const peer = come("ldaps");
    world.isRevoked = true;
    connections.follow({ ...state, tables: { ...tables, [table]: tables[table].asMutable() } });
    clock.advance(second);
    await settled();
    assert.equal(peer.closed, "T07, revoked", table);
  }
});

test("[LC5][CS16] what decides about no connection has none looked at", async () => {
  const { world, clock, connections, come } = aServer();
  const state = withList(1);
  connections.follow(state);
  const device = come("devices");
  world.isRevoked = true;
  connections.follow({
    ...state,
    tables: { ...state.tables, groups: state.tables.groups.clear() },
  });
  clock.advance(2 * second);
  await settled();
  assert.equal(device.closed, "");
});

test("[LC6][CS16] every hour all of it is looked at again: a certificate ends by time alone", async () => {
  const { world, clock, connections, come } = aServer();
  const client = come("ldaps");
  world.isRevoked = true;
  clock.advance(hour - 1);
  connections.tick();
  await settled();
  assert.equal(client.closed, "");
  clock.advance(1);
  connections.tick();
  await settled();
  assert.equal(client.closed, "T07, revoked");
});

test("[LC7][CS16] no connection lives longer than a day", () => {
  const { clock, connections, come } = aServer();
  const first = come("https");
  clock.advance(hour);
  const later = come("ldaps");
  clock.advance(day - hour - 1);
  connections.tick();
  assert.equal(first.closed, "");
  clock.advance(1_000);
  connections.tick();
  assert.match(first.closed, /a day old/);
  assert.equal(later.closed, "");
});

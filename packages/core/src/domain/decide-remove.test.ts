import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId, sealed } from "../base/identity.ts";
import { hour } from "../base/time.ts";
import type { ArbitrationMode } from "./arbitration-mode.ts";
import type { Command } from "./command.ts";
import { aCertificate, anActor, aServer, aSystem, noon, serverA, type World } from "./fixtures.ts";
import { removedServersMax } from "./limits.ts";
import type { ServerKind } from "./types.ts";

function invite(world: World, name: string, kind: ServerKind): void {
  const serverKind = kind === "permanent" ? { serverKind: kind } : {};
  const place = { secret: sealed(""), expiresAt: noon + hour };
  world.must({ kind: "issue-invite", name, ...serverKind, ...place });
}

function join(
  id: string,
  changes: { readonly name?: string; readonly key?: string } = {},
): Command {
  const { name = id, key = `key of ${id}` } = changes;
  const certificates = (["server", "replica-signer"] as const).map((profile) => ({
    ...aCertificate(`${profile} of ${id}`, profile),
    subject: `CN=${name}, serialNumber=${id}`,
  }));
  const server = { ...aServer(id), name, pairingKey: key };
  return { kind: "join-server", server, certificates };
}

function enter(world: World, id: string, kind: ServerKind = "promotable"): void {
  invite(world, id, kind);
  world.must(join(id), { actor: serverA });
}

function remove(id: string): Command {
  return { kind: "remove-server", id: nodeId(id) };
}

/** A, with B in its ack set and C beside. */
function aTriple(mode: ArbitrationMode = "manual", ...ackSet: readonly string[]): World {
  const world = aSystem();
  for (const id of ["B", "C"]) enter(world, id);
  record(world, mode, ...ackSet);
  return world;
}

function record(world: World, mode: ArbitrationMode, ...others: readonly string[]): void {
  const before = world.state.tables.pair.first();
  const pair = {
    term: (before?.term ?? 0) + 1,
    owner: nodeId("A"),
    by: "promotion",
    since: noon,
    ackSet: ["A", ...others].map((id) => nodeId(id)),
    mode,
    unprotected: null,
  } as const;
  world.must({ kind: "start-term", pair }, { actor: serverA });
}

test("[SYS11][HS14] a removed server loses its row, its certificates and its place", () => {
  const world = aTriple("manual", "B");
  const [fact] = world.must(remove("C"), { at: noon + 5 });
  assert.deepEqual(fact, { kind: "server-removed", id: "C", by: "admin" });
  const { servers, removed, certificates } = world.state.tables;
  assert.deepEqual([...servers.keys()].toSorted(), ["A", "B"]);
  const row = { id: "C", name: "C", pairingKey: "key of C", by: "admin", at: noon + 5 };
  assert.deepEqual(removed.get("C"), row);
  for (const { subject, revoked } of certificates.values()) {
    assert.equal(revoked?.at, subject.endsWith("=C") ? noon + 5 : undefined, subject);
  }
  for (const id of ["D", "E"]) invite(world, id, "promotable");
  world.must(join("D"), { actor: serverA });
  assert.equal(world.codeOf(join("E"), { actor: serverA }), "pair.too-many-promotable");
});

test("[SYS11][HS14] its name is free for a new server, not for who it was", () => {
  const world = aTriple();
  world.must(remove("C"));
  invite(world, "C", "promotable");
  assert.equal(world.codeOf(join("C"), { actor: serverA }), "pair.removed");
  const sameKey = join("new", { name: "C", key: "key of C" });
  assert.equal(world.codeOf(sameKey, { actor: serverA }), "pair.removed");
  world.must(join("new", { name: "C" }), { actor: serverA });
  assert.equal(world.state.tables.servers.get("new")?.name, "C");
  assert.ok(world.state.tables.removed.has("C"));
  const [certificate] = [...world.state.tables.certificates.values()].filter(({ subject }) =>
    subject.endsWith("=new"),
  );
  assert.equal(certificate?.revoked, null);
});

test("[SYS11][HS14] neither the Main nor a member of the ack set is removed", () => {
  const world = aTriple("manual", "B");
  assert.equal(world.codeOf(remove("A")), "pair.remove-main");
  assert.equal(world.codeOf(remove("B")), "pair.remove-counted");
  assert.equal(world.codeOf(remove("nobody")), "pair.server-not-found");
  record(world, "manual");
  world.must(remove("B"));
  assert.equal(world.codeOf(remove("B")), "pair.server-not-found");
});

test("[SYS11][HS7][HS14] the last Standby that may be Main leaves in manual mode only", () => {
  for (const mode of ["witness", "pair"] as const) {
    const world = aSystem();
    enter(world, "B");
    enter(world, "P", "permanent");
    record(world, mode);
    assert.equal(world.codeOf(remove("B")), "pair.remove-last");
    world.must(remove("P"));
    record(world, "manual");
    world.must(remove("B"));
  }
  const three = aTriple("witness", "B");
  three.must(remove("C"));
});

test("[SYS11][AZ1][HS14] a removal is ordered by who may invite, and by no server", () => {
  const world = aTriple();
  assert.equal(world.codeOf(remove("C"), { actor: serverA }), "access.denied");
  assert.equal(world.codeOf(remove("C"), { actor: anActor("anna") }), "access.denied");
});

test("[SYS11][HS12][HS14] a restore makes the server on which it runs a member again", () => {
  const world = aTriple();
  world.must(remove("C"));
  const backup = { at: noon, term: 1, seq: 2, hash: "0".repeat(64) };
  const place = { term: 1_000, owner: nodeId("C"), backup, replaced: null };
  const server = { ...aServer("C"), pairingKey: "key of C" };
  const owner = { kind: "local", id: "root", name: "root", door: "local", source: "" } as const;
  world.must({ kind: "restore-system", ...place, server, certificates: [] }, { actor: owner });
  const { servers, removed } = world.state.tables;
  assert.deepEqual([[...servers.keys()], removed.has("C")], [["C"], false]);
  assert.deepEqual(removed.get("A")?.by, "root");
});

test("[SYS11] the oldest removals are forgotten", () => {
  const world = aSystem();
  for (let count = 0; count <= removedServersMax; count++) {
    const id = `P${count}`;
    enter(world, id, "permanent");
    world.must(remove(id), { at: noon + count });
  }
  const { removed } = world.state.tables;
  assert.deepEqual([removed.size, removed.has("P0"), removed.has("P1")], [64, false, true]);
});

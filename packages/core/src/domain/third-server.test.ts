import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId, sealed } from "../base/identity.ts";
import { hour } from "../base/time.ts";
import type { Command } from "./command.ts";
import { aServer, aSystem, noon, owner, serverA, type World } from "./fixtures.ts";
import type { ServerKind } from "./types.ts";

const aTerm = {
  term: 2,
  by: "promotion",
  since: noon,
  mode: "manual",
  unprotected: null,
} as const;

function enter(world: World, id: string, kind: ServerKind = "promotable"): string {
  const serverKind = kind === "permanent" ? { serverKind: kind } : {};
  const place = { secret: sealed(""), expiresAt: noon + hour };
  const code = world.codeOf({ kind: "issue-invite", name: id, ...serverKind, ...place });
  if (code !== "accepted") return code;
  const join: Command = { kind: "join-server", server: aServer(id), certificates: [] };
  return world.codeOf(join, { actor: serverA });
}

test("[SYS10][HS14] three servers may be promoted and four are permanent; no more of either", () => {
  const world = aSystem();
  const codes = ["B", "C", "D"].map((id) => enter(world, id));
  assert.deepEqual(codes, ["accepted", "accepted", "pair.too-many-promotable"]);
  const more = ["P", "Q", "R", "S", "T"].map((id) => enter(world, id, "permanent"));
  assert.deepEqual(
    more.slice(0, 4),
    Array.from({ length: 4 }, () => "accepted"),
  );
  assert.equal(more[4], "pair.too-many-permanent");
});

test("[SYS10][HS14] what a server is says its invitation, whatever it says of itself", () => {
  const world = aSystem();
  enter(world, "P", "permanent"); // Its own row says promotable.
  assert.equal(world.state.tables.servers.get("P")?.kind, "permanent");
  const expiresAt = noon + hour;
  world.must({ kind: "issue-invite", name: "B", secret: sealed(""), expiresAt });
  const server = { ...aServer("B"), kind: "permanent" } as const;
  world.must({ kind: "join-server", server, certificates: [] }, { actor: serverA });
  assert.equal(world.state.tables.servers.get("B")?.kind, "promotable");
});

test("[SYS10][HS14] two codes for one place admit one server", () => {
  const world = aSystem();
  enter(world, "B");
  const expiresAt = noon + hour;
  for (const name of ["C", "D"]) {
    world.must({ kind: "issue-invite", name, secret: sealed(""), expiresAt });
  }
  const join = (id: string): string =>
    world.codeOf(
      { kind: "join-server", server: aServer(id), certificates: [] },
      { actor: serverA },
    );
  assert.deepEqual([join("C"), join("D")], ["accepted", "pair.too-many-promotable"]);
});

test("[SYS10][HS7][HS14] in pair mode no third server that may be promoted joins", () => {
  const world = aSystem();
  enter(world, "B");
  const expiresAt = noon + hour;
  world.must({ kind: "issue-invite", name: "C", secret: sealed(""), expiresAt });
  const pair = { ...aTerm, owner: nodeId("A"), ackSet: [nodeId("A")], mode: "pair" } as const;
  world.must({ kind: "start-term", pair }, { actor: serverA });
  const join: Command = { kind: "join-server", server: aServer("C"), certificates: [] };
  assert.equal(world.codeOf(join, { actor: serverA }), "pair.third-in-pair-mode");
  assert.equal(enter(world, "D"), "pair.third-in-pair-mode");
  assert.equal(enter(world, "P", "permanent"), "accepted");
});

test("[BU2][HS12][HS14] a restore makes no Main of a permanent Standby", () => {
  const world = aSystem();
  enter(world, "P", "permanent");
  const backup = { at: noon, term: 1, seq: 2, hash: "0".repeat(64) };
  const place = { term: 1_000, owner: nodeId("P"), backup, replaced: null };
  const restore: Command = { kind: "restore-system", ...place, server: null, certificates: [] };
  assert.equal(world.codeOf(restore, { actor: owner }), "pair.permanent");
});

test("[SYS5][HS14] the ack set holds no permanent Standby, and none owns a term", () => {
  const world = aSystem();
  enter(world, "P", "permanent");
  const ackSet = [nodeId("A"), nodeId("P")];
  const change: Command = { kind: "change-ack-set", ackSet, unprotected: null };
  assert.equal(world.codeOf(change, { actor: serverA }), "pair.bad-ack-set");
  const pair = { ...aTerm, owner: nodeId("P"), ackSet: [nodeId("P")] } as const;
  assert.equal(world.codeOf({ kind: "start-term", pair }, { actor: serverA }), "pair.bad-ack-set");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId, sealed } from "../base/identity.ts";
import { minute } from "../base/time.ts";
import type { CommandOf } from "./decision.ts";
import {
  aCertificate,
  aServer,
  aSystem,
  createAccount,
  noon,
  owner,
  serverA,
  type World,
} from "./fixtures.ts";
import { termAfterRestore } from "./restore-term.ts";
import { singleKey } from "./state.ts";

const backup = { at: noon, term: 1, seq: 2, hash: "0".repeat(64) };

function restore(changes: Partial<CommandOf<"restore-system">> = {}): CommandOf<"restore-system"> {
  const place = { term: 1_000, owner: nodeId("A"), backup, replaced: { term: 1, seq: 9 } };
  return { kind: "restore-system", ...place, server: null, certificates: [], ...changes };
}

function serverIds(world: World): readonly string[] {
  return [...world.state.tables.servers.keys()].toSorted();
}

function join(world: World, id: string): void {
  const expiresAt = noon + 15 * minute;
  world.must({ kind: "issue-invite", name: id, secret: sealed("s"), expiresAt });
  world.must({ kind: "join-server", server: aServer(id), certificates: [] }, { actor: serverA });
}

test("[BU1][HS12] a restore starts the next thousand above the highest term known", () => {
  const cases = [0, 1, 999, 1_000, 1_001, 5_999].map((highest) => termAfterRestore(highest));
  assert.deepEqual(cases, [1_000, 1_000, 1_000, 2_000, 2_000, 6_000]);
  const world = aSystem();
  world.must(restore(), { actor: owner });
  const { term, by, ackSet } = world.state.tables.pair.get(singleKey) ?? {};
  assert.deepEqual({ term, by, ackSet }, { term: 1_000, by: "restore", ackSet: ["A"] });
  assert.equal(world.codeOf(restore(), { actor: owner }), "pair.old-term");
  assert.equal(world.codeOf(restore({ term: 2_000 })), "access.denied");
});

test("[BU2][HS12] a server of the backup takes its place again, and no invitation is left", () => {
  const world = aSystem();
  join(world, "B");
  const expiresAt = noon + 15 * minute;
  world.must({ kind: "issue-invite", name: "C", secret: sealed("s"), expiresAt });
  const stranger = restore({ owner: nodeId("X") });
  assert.equal(world.codeOf(stranger, { actor: owner }), "pair.server-not-found");
  world.must(restore({ owner: nodeId("B") }), { actor: owner });
  assert.deepEqual(serverIds(world), ["A", "B"]);
  assert.equal(world.state.tables.invites.size, 0);
});

test("[BU2][HS12] a restore tells that changes have one copy where another server is known", () => {
  const world = aSystem();
  const before = world.state;
  world.must(restore(), { actor: owner });
  assert.equal(world.state.tables.pair.get(singleKey)?.unprotected, null);
  world.state = before;
  join(world, "B");
  world.must(restore(), { actor: owner });
  const { reason } = world.state.tables.pair.get(singleKey)?.unprotected ?? {};
  assert.equal(reason, "this server was restored from a backup");
});

test("[BU2][HS12] a server that was not in the backup stands alone, also under an old name", () => {
  const world = aSystem();
  join(world, "B");
  const server = { ...aServer("N"), name: "A" };
  const certificates = [aCertificate("77", "server")];
  world.must(restore({ owner: nodeId("N"), server, certificates }), { actor: owner });
  assert.deepEqual(serverIds(world), ["N"]);
  assert.equal(world.state.tables.certificates.has("77"), true);
});

test("[BU3][HS12] no uidNumber given after the backup is given again", () => {
  const world = aSystem();
  const before = world.state;
  world.must(createAccount("lost"));
  const { uidNumber } = world.account("lost");
  world.state = before;
  world.must(restore(), { actor: owner });
  world.must(createAccount("new"));
  assert.ok(world.account("new").uidNumber > uidNumber);
});

test("[BU4][HS12] the recovery key is one, and is set by who may", () => {
  const world = aSystem();
  const key = { kind: "set-recovery-key", publicKey: "A".repeat(43) } as const;
  assert.equal(world.codeOf(key, { actor: serverA }), "access.denied");
  assert.equal(world.codeOf({ ...key, publicKey: "A" }), "backup.bad-key");
  world.must(key);
  assert.equal(world.state.tables.system.get(singleKey)?.recovery?.publicKey, key.publicKey);
  assert.equal(world.codeOf(key), "backup.key-unchanged");
  world.must({ ...key, publicKey: "B".repeat(43) }, { actor: owner });
});

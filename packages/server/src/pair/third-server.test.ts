import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@gridward/core/base/identity";
import { aServer } from "@gridward/core/domain/fixtures";
import {
  aControl,
  aProtectedMain,
  at,
  aValidStandby,
  certified,
  following,
  kindsWith,
  noon,
  type Played,
  serverA,
  serverB,
  serverC,
  started,
  withMachine,
} from "@gridward/core/domain/pair/fixtures";
import { strangerPeer, type PairState, type Peer } from "@gridward/core/domain/pair/pair-state";
import type { ServerStatus } from "@gridward/core/domain/server-status";
import { type DirectoryState, emptyState, singleKey } from "@gridward/core/domain/state";
import type { ServerKind } from "@gridward/core/domain/types";
import { nextSteps } from "./next-steps.ts";
import { aStatus, passed, refused } from "./a-status.ts";

/** What people read of a third server, and of a permanent Standby (HS14). */

const heardNow = { ...strangerPeer, linkUp: true, heardAt: 0, term: 1, head: at(5) };

/** A and B, and C of this kind beside them; the journal says that this is the ack set. */
function aDirectory(kind: ServerKind, ackSet: readonly NodeId[]): DirectoryState {
  const rows = [aServer("A"), aServer("B"), { ...aServer("C"), kind }];
  const servers = rows.reduce((table, row) => table.set(row.id, row), emptyState.tables.servers);
  const row = { term: 1, owner: serverA, by: "creation", since: noon, mode: "manual" } as const;
  const pair = emptyState.tables.pair.set(singleKey, { ...row, ackSet, unprotected: null });
  return { ...emptyState, tables: { ...emptyState.tables, servers, pair } };
}

function amidst(
  { state }: Pick<Played, "state">,
  kind: ServerKind,
  peers: readonly (readonly [NodeId, Partial<Peer>])[],
): PairState {
  const all = new Map(state.peers);
  for (const [id, peer] of peers) all.set(id, { ...heardNow, ...peer });
  return { ...state, kinds: kindsWith(kind), peers: all };
}

function statusOf(
  pair: PairState,
  state: DirectoryState,
  conflictWith: NodeId | null = null,
): ServerStatus {
  const directions = (id: NodeId) => ({
    dial: id === conflictWith ? refused : passed,
    accept: passed,
  });
  return aStatus(pair, { state, directions });
}

function stateOf({ partners }: ServerStatus, name: string): string | undefined {
  return partners.find((partner) => partner.name === name)?.state;
}

/** C follows A, proved or admitted. */
function aThird(kind: ServerKind): PairState {
  const control = certified({ nodeId: serverC, ackSet: [serverA] });
  const { state } = started({ self: serverC, control, partners: [serverA, serverB] });
  const b = { duty: "standby", complete: true } as const;
  return amidst(withMachine({ state }, following), kind, [
    [serverA, { duty: "main" }],
    [serverB, b],
  ]);
}

test("[PS8][HS13][HS14] a permanent Standby is valid, is called one, and may not be promoted", () => {
  const status = statusOf(aThird("permanent"), aDirectory("permanent", [serverA, serverB]));
  const { kind, state, icon, promotable, cause, alarms } = status;
  assert.deepEqual([kind, state, icon.word], ["permanent", "standby-valid", "Permanent Standby"]);
  assert.deepEqual([promotable.ok, promotable.code], [false, "pair.permanent"]);
  assert.deepEqual([cause, alarms.length], [null, 0]);
  const waiting = statusOf(aThird("promotable"), aDirectory("promotable", [serverA, serverB]));
  assert.deepEqual([waiting.kind, waiting.state], ["promotable", "standby-synchronising"]);
});

test("[PS8][HS14] a permanent Standby whose Main is gone is told of other ways than promoting it", () => {
  const pair = aThird("permanent");
  const cut = amidst({ state: pair }, "permanent", [[serverA, { linkUp: false }]]);
  const { remedy } = statusOf(cut, aDirectory("permanent", [serverA]));
  assert.match(remedy ?? "", /another server/);
  assert.doesNotMatch(remedy ?? "", /--force|--local/);
  const broken = { duty: "none", phase: "invalid", code: "x", text: "" } as const;
  const invalid = withMachine({ state: pair }, broken).state;
  assert.match(nextSteps(invalid, 60_000, "/srv", true) ?? "", /on a server that may be Main/);
  assert.doesNotMatch(nextSteps(invalid, 60_000, "/srv", true) ?? "", /--into/);
});

test("[PS8][HS14] a Main with permanent Standbys alone is lone, and no target is there", () => {
  const { state } = started({ control: aControl(), partners: [] });
  const pair = amidst({ state }, "permanent", [[serverC, { duty: "standby", complete: true }]]);
  const status = statusOf(pair, aDirectory("permanent", [serverA]));
  assert.deepEqual([status.duty, status.state], ["lone", "lone"]);
  assert.deepEqual(
    [status.changeover.ok, status.changeover.code],
    [false, "pair.target-not-valid"],
  );
  assert.equal(stateOf(status, "C"), "standby-valid");
});

test("[PS8][HS14] of the set a Standby says what the journal says, without itself once it left", () => {
  const directory = aDirectory("promotable", [serverA, serverB, serverC]);
  const standby = amidst(aValidStandby(), "promotable", [[serverC, {}]]);
  assert.deepEqual(statusOf(standby, directory).ack_set, ["A", "B", "C"]);
  const left = amidst(aValidStandby(certified({ ackSet: [serverA] })), "promotable", []);
  assert.deepEqual(statusOf(left, directory).ack_set, ["A", "C"]);
});

test("[PS3][HS14] a third server sees the others as they stand, whether it counts itself or not", () => {
  const beside = statusOf(aThird("permanent"), aDirectory("permanent", [serverA, serverB]));
  assert.deepEqual(
    [stateOf(beside, "A"), stateOf(beside, "B")],
    ["main-protected", "standby-valid"],
  );
  const alone = statusOf(aThird("permanent"), aDirectory("permanent", [serverA]));
  assert.equal(stateOf(alone, "A"), "main-exposed");
});

test("[PS4][HS14] a conflict with a permanent Standby is no reason why a Main is exposed", () => {
  const { state } = started({ control: aControl(), partners: [serverB] });
  const pair = amidst({ state }, "permanent", [
    [serverB, { duty: "standby", linkUp: false }],
    [serverC, { duty: "standby", complete: true }],
  ]);
  const directory = aDirectory("permanent", [serverA]);
  const other = statusOf(pair, directory, serverC);
  assert.deepEqual([other.state, other.cause?.code], ["main-exposed", "pair.unprotected"]);
  assert.doesNotMatch(other.cause?.text ?? "", /\bC\b/);
  assert.equal(statusOf(pair, directory, serverB).cause?.code, "T03");
});

test("[PS4][HS14] a Standby's conflict is the one with its Main, not with another Standby", () => {
  const pair = amidst({ state: aThird("permanent") }, "permanent", [[serverA, { linkUp: false }]]);
  const directory = aDirectory("permanent", [serverA]);
  assert.equal(statusOf(pair, directory, serverB).state, "standby-connecting");
  assert.equal(statusOf(pair, directory, serverA).state, "standby-security-conflict");
});

test("[PS5][HS14] a changeover is allowed where one of the others may take over", () => {
  const { state } = aProtectedMain();
  const c = { duty: "standby", complete: false } as const;
  const directory = aDirectory("promotable", [serverA, serverB]);
  assert.equal(
    statusOf(amidst({ state }, "promotable", [[serverC, c]]), directory).changeover.ok,
    true,
  );
  const down = amidst({ state }, "promotable", [
    [serverC, c],
    [serverB, { linkUp: false }],
  ]);
  assert.equal(statusOf(down, directory).changeover.code, "pair.target-not-valid");
});

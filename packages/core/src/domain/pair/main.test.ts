import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAccepts } from "./accepts.ts";
import type { NodeId } from "../../base/identity.ts";
import type { PairEvent } from "./event.ts";
import {
  ack,
  aHistory,
  aProtectedMain,
  at,
  changeover,
  deeds,
  digest,
  force,
  heard,
  play,
  type Played,
  saidOf,
  serverA,
  serverB,
  started,
  tick,
  withPeer,
} from "./fixtures.ts";
import { withControl } from "./phase-fixtures.ts";
import { timing } from "./timing.ts";

const appended: PairEvent = { kind: "appended", head: at(6) };

/** A Main alone, whose partner follows and holds everything. */
function aMainWithFollower(): Played {
  return withPeer(started(), serverB, { acked: at(5), sent: 5 });
}

test("[R12][I9] what a full disk kept out of the journal is written before any other entry of the pair", () => {
  const main = aProtectedMain();
  const due = { ...main, state: { ...main.state, unrecorded: true, awakeSince: 0 } };
  const silent = withPeer(due, serverB, { heardAt: 0, linkUp: false });
  const forced = play(silent, [force], 100);
  const entries = deeds(forced.actions).filter((deed) => deed.startsWith("record-"));
  assert.deepEqual(entries, ["record-term"], "one entry tells the term and the set");
  const told = forced.actions.find((action) => action.kind === "record-term");
  assert.deepEqual(told?.pair.ackSet, [serverA]);
  assert.equal(forced.state.unrecorded, false);
});

test("[I10] a Main alone makes a change visible before it tells a follower how far that is", () => {
  const followed = withPeer(aProtectedMain(), serverB, { acked: at(5), sent: 5, linkUp: true });
  const alone = withControl(followed, { ackSet: [serverA] });
  const written = play(alone, [appended], 0, aHistory(at(6)));
  assert.deepEqual(deeds(written.actions), ["commit", "send-entries"]);
});

test("[R1][HS8] a change is committed only when every member of the set confirmed it", () => {
  const written = play(aProtectedMain(), [appended], 0, aHistory(at(6)));
  assert.deepEqual(deeds(written.actions), ["send-entries"]);
  const confirmed = play(written, [ack(6)], 0, aHistory(at(6)));
  assert.ok(deeds(confirmed.actions).includes("commit"));
  assert.equal(confirmed.state.committed, 6);
});

test("[R1] an ack of another history confirms nothing", () => {
  const written = play(aProtectedMain(), [appended], 0, aHistory(at(6)));
  const other = heard(serverB, { kind: "ack", term: 1, head: at(6, 1, 9) });
  assert.equal(play(written, [other], 0, aHistory(at(6))).state.committed, 5);
});

test("[R3] a follower that holds everything must prove its state before it is added", () => {
  const asked = play(aMainWithFollower(), [ack(5)]);
  assert.equal(saidOf(asked.actions, "prove")?.digest, digest);
  assert.equal(checkAccepts(asked.state)?.mayWait, true);
  const proof = { kind: "proof", term: 1, position: at(5), digest } as const;
  const other = play(asked, [heard(serverB, { ...proof, digest: "e".repeat(64) })]);
  assert.deepEqual(other.state.control.ackSet, [serverA]);
  assert.deepEqual(other.actions, []);
});

test("[R2][HS19] a widening is recorded here before the new member hears of it", () => {
  const proof = heard(serverB, { kind: "proof", term: 1, position: at(5), digest });
  const added = play(aMainWithFollower(), [ack(5), proof]);
  assert.deepEqual(deeds(added.actions), [
    "write-control",
    "record-ack-set",
    "say admit",
    "say rights",
  ]);
  assert.deepEqual(added.state.control.ackSet, [serverA, serverB]);
});

test("[R3] a follower that is behind is not asked yet", () => {
  const main = aMainWithFollower();
  const behind = withPeer({ ...main, state: { ...main.state, head: at(6) } }, serverB, {
    acked: at(4),
    sent: 6,
  });
  assert.equal(saidOf(play(behind, [ack(5)]).actions, "prove"), undefined);
});

test("[R13] a member that lost its certificate is proved again and not recorded twice", () => {
  const main = withPeer(aProtectedMain(), serverB, { acked: at(5), sent: 5, complete: false });
  const proof = heard(serverB, { kind: "proof", term: 1, position: at(5), digest });
  const again = play(main, [ack(5), proof]);
  assert.deepEqual(deeds(again.actions), ["say admit", "say rights"]);
  assert.deepEqual(again.state.control.ackSet, [serverA, serverB]);
});

test("[R2][R8][HS8] after 4 s without its ack a member is dropped: recorded, told, journalled", () => {
  const written = play(aProtectedMain(), [appended], 0, aHistory(at(6)));
  const heardLately = withPeer(written, serverB, {
    acked: at(5),
    sent: 6,
    lateSince: 0,
    heardAt: 4_000,
  });
  const awake = { ...heardLately.state, heartbeatAt: 4_000 };
  const waits = play({ state: awake, actions: [] }, [tick], 4_000);
  assert.deepEqual(waits.state.control.ackSet, [serverA, serverB]);
  const dropped = play(waits, [tick], 4_001);
  assert.deepEqual(deeds(dropped.actions).slice(0, 4), [
    "write-control",
    "say hello",
    "record-ack-set",
    "commit",
  ]);
  assert.deepEqual(dropped.state.control.ackSet, [serverA]);
  assert.match(dropped.state.unprotected?.reason ?? "", /4 s/);
});

test("[R13][I32] a member that is heard and does not follow is late while a change waits for it", () => {
  const idle = withPeer(aProtectedMain(), serverB, { acked: null });
  assert.equal(play(idle, [tick], 200).state.peers.get(serverB)?.lateSince, null);
  // As after a restart: nothing is added any more, but the last change has one copy.
  const state = { ...idle.state, head: at(6) };
  const late = play({ ...idle, state }, [tick], 200);
  assert.equal(late.state.peers.get(serverB)?.lateSince, 200);
});

test("[R14] who was dropped is admitted again after 10 s, doubling each time", () => {
  let played = aProtectedMain();
  for (const wait of [10_000, 20_000, 40_000]) {
    const leaving = heard(serverB, { kind: "leaving", term: 1, reason: "disk full" });
    const dropped = play(played, [leaving]);
    assert.equal(dropped.state.peers.get(serverB)?.admitAfter, wait);
    played = withControl(dropped, { ackSet: [serverA, serverB] });
  }
  const leaving = heard(serverB, { kind: "leaving", term: 1, reason: "disk full" });
  const longAfter = 40_000 + timing.holdOffMost + 1;
  const dropped = play(played, [leaving], longAfter);
  assert.equal(dropped.state.peers.get(serverB)?.admitAfter, longAfter + 10_000);
});

test("[R14][CS9] who was dropped while one refuses the other's certificate is admitted as soon as it is well", () => {
  const answered: PairEvent = { kind: "partner-answered", peer: serverB };
  const leaving = heard(serverB, { kind: "leaving", term: 1, reason: "refused" });
  const down: PairEvent = { kind: "link-down", peer: serverB };
  for (const [events, wait] of [
    [[down, answered, leaving], 0],
    [[answered, leaving], 10_000],
    [[down, leaving], 10_000],
  ] as const) {
    const dropped = play(aProtectedMain(), events);
    assert.equal(dropped.state.peers.get(serverB)?.admitAfter, wait);
  }
});

test("[R8] a Standby that signs off is dropped at once, without an operator", () => {
  const leaving = heard(serverB, { kind: "leaving", term: 1, reason: "disk full" });
  assert.deepEqual(play(aProtectedMain(), [leaving]).state.control.ackSet, [serverA]);
});

test("[HS2] a follower is sent what it lacks; a blank one gets the first pass", () => {
  const main = aMainWithFollower();
  const warm = play(main, [heard(serverB, { kind: "follow", term: 1, head: at(3), owner: null })]);
  const sent = warm.actions.find((action) => action.kind === "send-entries");
  assert.deepEqual(sent, { kind: "send-entries", to: serverB, from: 4, upTo: 5 });
  const cold = play(main, [heard(serverB, { kind: "follow", term: 1, head: at(0), owner: null })]);
  assert.deepEqual(deeds(cold.actions), ["send-snapshot"]);
});

test("[R10][HS9] a follower with another history is told where the terms end", () => {
  const follow = heard(serverB, { kind: "follow", term: 1, head: at(5, 1, 9), owner: null });
  assert.deepEqual(deeds(play(aMainWithFollower(), [follow]).actions), ["say forked"]);
});

test("[R10][HS9] a follower asks for places of a range, and is shown no more than are there", () => {
  const compare = heard(serverB, { kind: "compare", term: 1, low: 2, high: 9 });
  const { actions } = play(aMainWithFollower(), [compare]);
  assert.deepEqual(saidOf(actions, "forked")?.between, [at(2), at(3), at(4), at(5)]);
});

test("[R10][HS9] a place beyond its term is a fork, also where the entry is kept no longer", () => {
  const kept = { ...aHistory(at(500, 2)), first: () => 400, hashAt: () => undefined };
  const history = { ...kept, terms: () => [at(90), at(500, 2)] };
  const { state } = aMainWithFollower();
  const main = { state: { ...state, head: at(500, 2) }, actions: [] };
  const follow = (seq: number, owner: NodeId | null) => {
    const message = { kind: "follow", term: 1, head: at(seq), owner } as const;
    return deeds(play(main, [heard(serverB, message)], 0, history).actions);
  };
  for (const owner of [serverA, null]) {
    assert.deepEqual(follow(91, owner), ["say forked"]);
    assert.deepEqual(follow(89, owner), ["send-snapshot"]);
  }
  // Two operators promoted two servers: terms of one number, and nothing else tells them apart.
  assert.deepEqual(follow(89, serverB), ["say forked"]);
});

test("[R10][HS9] a place in a term that passed without it is a fork, also in a copied database", () => {
  const kept = { ...aHistory(at(500, 4)), first: () => 400, hashAt: () => undefined };
  const history = { ...kept, terms: () => [at(90, 2), at(500, 4)] };
  const { state } = aMainWithFollower();
  const main = { state: { ...state, head: at(500, 4) }, actions: [] };
  const follow = (term: number) => {
    const message = { kind: "follow", term: 1, head: at(95, term), owner: null } as const;
    return deeds(play(main, [heard(serverB, message)], 0, history).actions);
  };
  assert.deepEqual(follow(3), ["say forked"]);
  // Before all that it knows: nothing tells that it is in the history, and nothing is overwritten.
  assert.deepEqual(follow(1), ["say forked"]);
});

test("[I18] a Main that is behind its Standby in its own term stops and overwrites nobody", () => {
  const follow = heard(serverB, { kind: "follow", term: 1, head: at(9), owner: null });
  const { state } = play(aMainWithFollower(), [follow]);
  assert.equal(checkAccepts(state)?.refusal.code, "pair.read-only");
});

test("[HS8] a full disk stops changes on a Main, and it may still hand over", () => {
  const full = play(aProtectedMain(), [{ kind: "disk-full" }]);
  assert.equal(checkAccepts(full.state)?.refusal.code, "disk.full");
  assert.notEqual(saidOf(play(full, [changeover]).actions, "handover"), undefined);
});

test("[R7] silence that we did not listen to drops nobody", () => {
  const { state } = play(aProtectedMain(), [tick], 30_000);
  assert.deepEqual(state.control.ackSet, [serverA, serverB]);
});

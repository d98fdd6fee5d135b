import assert from "node:assert/strict";
import { test } from "node:test";
import type { Millis } from "../../base/time.ts";
import { type ArbiterAnswer, type ArbiterRequest, answerArbiter } from "../arbiter.ts";
import type { PairEvent } from "./event.ts";
import {
  ack,
  aControl,
  aHello,
  aHistory,
  anEntry,
  anOffer,
  aProtectedMain,
  at,
  aValidStandby,
  certified,
  changeover,
  deeds,
  digest,
  following,
  force,
  heard,
  kindsWith,
  play,
  type Played,
  promote,
  refusalOf,
  saidOf,
  serverA,
  serverB,
  serverC,
  started,
  tick,
  withMachine,
} from "./fixtures.ts";
import { checkMode } from "./mode.ts";
import { strangerPeer, type Peer } from "./pair-state.ts";
import { isCertified, isComplete } from "./turn.ts";

/** C beside A and B: a permanent Standby, or a third that may be promoted (HS14). */

const permanent = kindsWith("permanent");
const triple = kindsWith("promotable");

function among(played: Played, kinds: typeof permanent): Played {
  return { ...played, state: { ...played.state, kinds } };
}

function beside(played: Played, peers: Readonly<Record<string, Partial<Peer>>>): Played {
  const all = new Map(played.state.peers);
  for (const id of [serverA, serverB, serverC]) {
    const known = { ...strangerPeer, linkUp: true, heardAt: 0, term: 1 };
    const changes = peers[id];
    if (changes !== undefined) all.set(id, { ...known, ...changes });
  }
  return { ...played, state: { ...played.state, peers: all } };
}

/** C as a Standby of A, certified, as if it had been a member of the set. */
function aThird(kinds = permanent, changes: Parameters<typeof certified>[0] = {}): Played {
  const ackSet = [serverA, serverB, serverC];
  const control = certified({ nodeId: serverC, ackSet, ...changes });
  const { state } = started({ self: serverC, control, kinds });
  return beside(withMachine({ state }, following), { A: { duty: "main" } });
}

function checkPhase({ state }: Pick<Played, "state">): string {
  return "phase" in state.machine ? state.machine.phase : "";
}

type Answer = (request: ArbiterRequest) => ArbiterAnswer | { readonly kind: "silent" };

/** Two ticks a second, and the witness's answers. */
function wait(from: Played, until: Millis, answer: Answer = () => ({ kind: "silent" })): Played {
  let played = from;
  for (let time = 500; time <= until; time += 500) {
    let open: readonly PairEvent[] = [tick];
    while (open.length > 0) {
      played = play(played, open, time);
      open = played.actions.flatMap((action): readonly PairEvent[] => {
        if (action.kind !== "ask-arbiter") return [];
        return [{ kind: "arbiter-answered", id: action.id, answer: answer(action.request) }];
      });
    }
  }
  return played;
}

test("[R15][HS14] a permanent Standby is promoted by no order, not even by force", () => {
  for (const order of [promote, force]) {
    const { state, actions } = play(aThird(), [order], 60_000);
    assert.equal(refusalOf(actions), "pair.permanent");
    assert.equal(state.control.term, 1);
  }
  assert.equal(refusalOf(play(aThird(triple), [promote], 60_000).actions), undefined);
});

test("[R15][HS14] a permanent Standby takes over by itself in no mode, whatever its record says", () => {
  for (const mode of ["pair", "witness"] as const) {
    const { state } = wait(aThird(permanent, { mode }), 20_000);
    assert.equal(checkPhase({ state }), "following");
    const third = wait(aThird(triple, { mode }), 20_000);
    assert.equal(checkPhase(third), mode === "pair" ? "serving" : "candidate");
  }
});

test("[R15][HS14] a hand-over that names a permanent Standby is refused with its reason", () => {
  const offer = anOffer({ ackSet: [serverA, serverC] });
  const { state, actions } = play(aThird(), [heard(serverA, offer)]);
  assert.match(saidOf(actions, "handover-refused")?.reason ?? "", /permanent/);
  assert.equal(state.control.term, 1);
});

test("[R15][HS14] no changeover to a permanent Standby, however valid it is", () => {
  const main = among(aProtectedMain(), permanent);
  const ready = beside(main, { C: { acked: at(5), sent: 5, complete: true } });
  assert.equal(refusalOf(play(ready, [{ ...changeover, to: serverC }]).actions), "pair.permanent");
});

test("[R15][HS14] a record that claims the term makes no Main of a permanent Standby", () => {
  const claims = { owner: serverC, candidacy: 2, handover: { term: 2, to: serverB } };
  const control = certified({ nodeId: serverC, mode: "witness", ...claims });
  const { state, actions } = started({ self: serverC, control, kinds: permanent });
  assert.deepEqual(state.machine, { duty: "standby", phase: "connecting" });
  assert.deepEqual(deeds(actions), ["write-control"]);
  const { owner, candidacy, handover, certificate } = state.control;
  assert.deepEqual([owner, candidacy, handover, certificate], [null, null, null, null]);
  const found = play(beside({ state, actions: [] }, { A: {} }), [heard(serverA, aHello())]);
  assert.equal(found.state.control.owner, serverA);
});

test("[R15][HS14] nobody obeys a permanent Standby that calls itself Main", () => {
  const claim = aHello({ term: 9, owner: serverC });
  const main = beside(among(aProtectedMain(), permanent), { C: {} });
  assert.equal(play(main, [heard(serverC, claim)]).state.machine.duty, "main");
  const standby = beside(among(aValidStandby(), permanent), { C: {} });
  assert.equal(play(standby, [heard(serverC, claim)]).state.control.owner, serverA);
});

test("[R15][HS14] no change waits for a permanent Standby, and none is held while it is proved", () => {
  const main = beside(among(aProtectedMain(), permanent), { C: { acked: at(5), sent: 5 } });
  const proved = play(main, [ack(5, serverC)]);
  assert.deepEqual(saidOf(proved.actions, "prove")?.position, at(5));
  assert.equal("admitting" in proved.state.machine && proved.state.machine.admitting, null);
  const proof = { kind: "proof", term: 1, position: at(5), digest } as const;
  const told = play(proved, [heard(serverC, proof)]);
  assert.deepEqual(told.state.control.ackSet, [serverA, serverB]);
  assert.equal(saidOf(told.actions, "admit"), undefined);
  const silent = beside(told, { C: { linkUp: false } });
  const written = play(
    silent,
    [{ kind: "appended", head: at(6) }, ack(6)],
    0,
    aHistory(at(6), permanent),
  );
  assert.equal(written.state.committed, 6);
});

test("[R15][HS14] a permanent Standby gets a change when it is acknowledged, not before", () => {
  const both = { acked: at(5), sent: 5, complete: true };
  const main = beside(among(aProtectedMain(), permanent), { B: both, C: both });
  const history = aHistory(at(6), permanent);
  const written = play(main, [{ kind: "appended", head: at(6) }], 0, history);
  const sentTo = ({ actions }: Played): readonly string[] =>
    actions.flatMap((action) => (action.kind === "send-entries" ? [action.to] : []));
  assert.deepEqual(sentTo(written), [serverB]);
  assert.deepEqual(sentTo(play(written, [ack(6)], 0, history)), [serverC]);
});

test("[R15][R8][HS14] a permanent Standby is valid once the Main's digest is its own", () => {
  const blank = aThird(permanent, { certificate: null, ackSet: [] });
  const prove = { kind: "prove", term: 1, position: at(5), digest } as const;
  const proved = play(blank, [heard(serverA, prove)]);
  assert.equal(isCertified(proved.state), true);
  assert.equal(isComplete(proved.state), false);
  assert.deepEqual(deeds(proved.actions), ["say proof", "write-control", "say heartbeat"]);
  const bent = play(blank, [heard(serverA, { ...prove, digest: "e".repeat(64) })]);
  assert.deepEqual([bent.state.machine.duty, isCertified(bent.state)], ["none", false]);
  // After a cut it may be far behind: valid no more before it is proved anew.
  const back = play(proved, [heard(serverA, aHello())]);
  assert.equal(isCertified(back.state), false);
});

test("[R15][HS14] an admission is not for a permanent Standby", () => {
  const control = { certificate: null, ackSet: [serverA] };
  const ackSet = [serverA, serverC];
  const admit = heard(serverA, { kind: "admit", term: 1, ackSet });
  const { state, actions } = play(aThird(permanent, control), [admit]);
  assert.deepEqual([deeds(actions), state.control.ackSet], [[], [serverA]]);
  assert.equal(isComplete(play(aThird(triple, control), [admit]).state), true);
});

test("[R15][I18][HS14] what only a permanent Standby holds stops no Main", () => {
  const theirs = { kind: "follow", term: 1, head: at(7), owner: null } as const;
  const main = beside(among(aProtectedMain(), permanent), { C: {} });
  const answered = play(main, [heard(serverC, theirs)]);
  assert.equal(checkPhase(answered), "serving");
  assert.notEqual(saidOf(answered.actions, "forked"), undefined);
  const third = play(among(main, triple), [heard(serverC, theirs)]);
  assert.equal(checkPhase(third), "read-only");
});

test("[R1][HS14] a change waits for both Standbys of a triple", () => {
  const control = aControl({ ackSet: [serverA, serverB, serverC] });
  const both = { acked: at(5), sent: 5, complete: true };
  const main = beside(started({ control, kinds: triple }), { B: both, C: both });
  const history = aHistory(at(6), triple);
  const one = play(main, [{ kind: "appended", head: at(6) }, ack(6)], 0, history);
  assert.equal(one.state.committed, 5);
  assert.equal(play(one, [ack(6, serverC)], 0, history).state.committed, 6);
});

test("[R8][HS14] who learns of a new Main from a third server is complete no more", () => {
  const valid = beside(aThird(triple), { B: {} });
  assert.equal(isComplete(valid.state), true);
  const said = { term: 2, owner: serverB, duty: "main", head: at(6), committed: 6 } as const;
  const beat = heard(serverA, { kind: "heartbeat", ...said, duty: "standby", complete: false });
  const learnt = play(valid, [beat]);
  assert.equal(learnt.state.control.owner, serverB);
  assert.equal(isComplete(learnt.state), false);
  assert.equal(refusalOf(play(learnt, [promote], 60_000).actions), "pair.incomplete");
});

test("[R7][I17][HS14] a third server that tells of another owner is not taken for it", () => {
  const main = beside(among(aProtectedMain(), triple), { C: {} });
  const told = heard(serverC, aHello({ duty: "standby", owner: serverB }));
  assert.deepEqual(play(main, [told]).state.machine, {
    duty: "none",
    phase: "two-mains",
    other: serverB,
  });
});

test("[R10][HS14] where a third may have been Main no tail counts as unacknowledged", () => {
  const control = aControl({ ackSet: [serverA, serverB, serverC], term: 2, owner: serverB });
  const { state } = started({ control, kinds: triple, committed: 3 });
  const old = beside({ state, actions: [] }, { B: { duty: "main" } });
  const places = { points: [at(3), at(6, 2, 1)], between: [at(3), at(4, 2, 1), at(5, 2, 1)] };
  const forked = heard(serverB, { kind: "forked", term: 2, ...places });
  const left = play(old, [forked]);
  assert.deepEqual(deeds(left.actions).includes("truncate"), false);
  const tail = left.actions.find(({ kind }) => kind === "export-tail");
  assert.equal(tail?.kind === "export-tail" && tail.tail.rest, "unknown");
  const ofTwo = play(among(old, kindsWith()), [forked]);
  assert.ok(deeds(ofTwo.actions).includes("truncate"));
});

test("[R4][HS14] of two Standbys the one that holds less is promoted only by force", () => {
  const valid = aValidStandby(certified({ ackSet: [serverA, serverB, serverC] }));
  const ahead = { duty: "standby", complete: true, head: at(6), heardAt: 59_000 } as const;
  const codeWith = (third: Partial<Peer>, order = promote, kinds = triple): unknown => {
    const { state } = beside(among(valid, kinds), { A: { linkUp: false }, C: third });
    return refusalOf(
      play({ state: { ...state, heartbeatAt: 59_000 }, actions: [] }, [order], 60_000).actions,
    );
  };
  assert.equal(codeWith(ahead), "pair.other-holds-more");
  assert.equal(codeWith(ahead, force), undefined);
  assert.equal(codeWith({ ...ahead, head: at(5) }), undefined);
  assert.equal(codeWith({ ...ahead, complete: false }), undefined);
  assert.equal(codeWith({ ...ahead, heardAt: 50_000 }), undefined);
  assert.equal(codeWith(ahead, promote, permanent), undefined);
});

test("[HS7][HS14] pair mode is for two servers that may be promoted, permanent ones beside them", () => {
  const main = aProtectedMain();
  assert.equal(checkMode(among(main, triple).state, "pair", false)?.code, "pair.too-many-for-pair");
  assert.equal(checkMode(among(main, permanent).state, "pair", false), undefined);
  assert.equal(checkMode(among(main, triple).state, "witness", true), undefined);
});

test("[HS7][HS14] a third server that joins while pair mode is switched on ends the switch", () => {
  const asked = play(aProtectedMain(), [{ kind: "order-mode", mode: "pair", hasWitness: false }]);
  assert.equal(asked.state.control.switching, "pair");
  const joined = play(among(asked, triple), [tick], 250);
  assert.equal(refusalOf(joined.actions), "pair.too-many-for-pair");
  assert.deepEqual([joined.state.control.switching, joined.state.control.mode], [null, "manual"]);
});

test("[HS6][HS14] after a changeover the third counts for the new Main too", () => {
  const ackSet = [serverA, serverB, serverC];
  const standby = beside(among(aValidStandby(certified({ ackSet })), triple), { C: {} });
  const { state, actions } = play(standby, [heard(serverA, anOffer({ ackSet }))]);
  assert.deepEqual(state.control.ackSet, [serverB, serverA, serverC]);
  const greeted = actions.flatMap((action) => (action.kind === "send" ? [action.to] : []));
  assert.deepEqual(greeted.toSorted(), [serverA, serverC]);
});

test("[HS7][R2][HS14] of two silent members the witness lets one go after the other", () => {
  const ackSet = [serverA, serverB, serverC];
  const control = aControl({ mode: "witness", ackSet });
  const { state } = started({ control, kinds: triple });
  const begun = { ...state, arbitration: { ...state.arbitration, goal: null } };
  const main = beside({ state: begun, actions: [] }, { B: { acked: at(5) }, C: { acked: at(5) } });
  const { systemId } = control;
  assert.ok(systemId !== null);
  const next = { systemId, term: 1, owner: serverA, ackSet, floor: at(5) };
  let { record } = answerArbiter(null, { kind: "seed", version: 0, next });
  const sets: string[] = [];
  const done = wait(main, 12_000, (request) => {
    const step = answerArbiter(record, request);
    record = step.record;
    const set = record?.ackSet.join("") ?? "";
    if (sets.at(-1) !== set) sets.push(set);
    return step.answer;
  });
  assert.deepEqual(sets, ["ABC", "AC", "A"]);
  assert.deepEqual(done.state.control.ackSet, [serverA]);
  assert.equal(done.state.machine.duty, "main");
});

test("[R1][HS14] a permanent Standby writes and confirms like any other", () => {
  const message = { kind: "entries", term: 1, entries: [anEntry(at(6), at(5))] } as const;
  const taken = play(aThird(), [heard(serverA, { ...message, committed: 6 })]);
  assert.deepEqual(deeds(taken.actions), ["append", "say ack", "commit"]);
});
